"""The choice of a recognition model as ``job.json`` has it, and in lines for a person."""

from collections.abc import Iterator, Mapping

from pipeline.config.model_figures import FigureTable
from pipeline.engines.model_candidates import ModelTask
from pipeline.engines.model_choice import AssessedModel, ModelChoice, shown_seconds
from pipeline.engines.word_errors import compared, shown_rate
from pipeline.jobs.plan import BetterModel, ModelDecision
from pipeline.media.languages import name as language_name
from pipeline.sizes import show_size
from pipeline.text import printable

NOTED_FROM = 15.0  # per cent of the words that are wrong: what is more, a person has to know


def decision(choice: ModelChoice, task: ModelTask, table: FigureTable, is_named: bool) -> ModelDecision:
    """``is_named``: a person named the model, so only what is wrong with it is worth a word."""
    taken, note = choice.taken, _note(choice.taken, task, table.data)
    better = () if is_named and note is None else choice.better
    return ModelDecision(
        model=taken.name,
        language=task.language,
        why=None if is_named else choice.why,
        seconds=_rounded(taken.seconds),
        wrong_percent=taken.errors.rate.percent if taken.errors else None,
        note=note,
        basis=taken.speed.basis if taken.speed else None,
        better=tuple(_better(each, taken, task, table) for each in better),
    )


def _note(taken: AssessedModel, task: ModelTask, data: Mapping[str, str]) -> str | None:
    errors = taken.errors
    if errors is None or errors.rate.percent < NOTED_FROM:
        return None
    language = language_name(task.language)
    measured = f" ({data[errors.rate.data]})"
    if not errors.is_lower_bound:
        return f"{taken.name} gets {errors.shown} of {language} wrong{measured}"
    return f"{taken.name} gets {errors.shown} of {language} wrong: {errors.of}, which is larger, gets so many{measured}"


def _better(each: AssessedModel, taken: AssessedModel, task: ModelTask, table: FigureTable) -> BetterModel:
    return BetterModel(
        model=each.name,
        about="; ".join([_wrong(each, taken, task, table), *_costs(each)]),
        command=_command(each),
        is_here=each.is_here,
        size=None if each.is_here else each.candidate.size,
        seconds=_rounded(each.seconds),
        wrong_percent=each.errors.rate.percent if each.errors else None,
    )


def _wrong(each: AssessedModel, taken: AssessedModel, task: ModelTask, table: FigureTable) -> str:
    """By figures that can be compared, where there are some."""
    if rates := compared(table, each.name, taken.name, task.language):
        return f"{shown_rate(rates[0])} wrong instead of {round(rates[1].percent)}"
    return f"{each.errors.shown} wrong" if each.errors else "fewer words wrong"


def _costs(each: AssessedModel) -> Iterator[str]:
    if not each.is_here:
        yield f"{show_size(each.candidate.size)} to fetch" if each.candidate.size else "to fetch"
    if each.seconds is not None and each.speed is not None:
        yield f"about {shown_seconds(each.seconds)} for this film, {each.speed.basis}"


def _command(each: AssessedModel) -> str:
    return f"prepare-job … --model {each.name}" if each.is_here else f"pipeline model fetch {each.name}"


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)


def messages(decision: ModelDecision | None) -> Iterator[str]:
    """What a person should know. A model that they named, and that is good enough, needs no word."""
    if decision is None:
        return
    if decision.why:
        takes = f"; about {shown_seconds(decision.seconds)} for this film" if decision.seconds is not None else ""
        takes += f", {decision.basis}" if takes and decision.basis else ""
        yield printable(f"model: {decision.model}, {decision.why}{takes}")
    if decision.note:
        yield printable(decision.note)
    for better in decision.better:
        yield printable(f"  {better.model} would be better: {better.about}")
        yield printable(f"    {better.command}")  # alone on its line, so that it can be copied
