"""The choice of a recognition model as ``job.json`` has it, and in lines for a person."""

from collections.abc import Iterable, Iterator, Sequence

from pipeline.config.model_figures import ErrorRate, FigureTable
from pipeline.engines.model_candidates import ModelTask
from pipeline.engines.model_choice import AssessedModel, ModelChoice, shown_seconds
from pipeline.engines.word_errors import ErrorEstimate, estimate, own, rounded, shared_data, shown_rate
from pipeline.jobs.plan import BetterModel, ModelDecision
from pipeline.media.languages import name as language_name
from pipeline.sizes import show_size
from pipeline.text import printable

NOTED_FROM = 15.0  # per cent of the words that are wrong: what is more, a person has to know


def decision(choice: ModelChoice, task: ModelTask, table: FigureTable, is_named: bool) -> ModelDecision:
    """``is_named``: a person named the model, so only what is wrong with it is worth a word."""
    taken, note = choice.taken, _note(choice.taken.name, choice.taken.errors, task.language, table)
    better = () if is_named and note is None else choice.better
    errors = taken.errors if note else _errors_beside(taken, better, task.language, table)
    return ModelDecision(
        model=taken.name,
        language=task.language,
        why=None if is_named else choice.why,
        seconds=_rounded(taken.seconds),
        wrong_percent=errors.rate.percent if errors else None,
        measured_on=table.data[errors.rate.data] if errors else None,
        note=note,
        notes={} if task.is_stated else notes(taken.name, taken.candidate.languages, table),
        basis=taken.speed.basis if taken.speed else None,
        better=tuple(_better(each, errors, task, table) for each in better),
    )


def notes(model: str, languages: Iterable[str], table: FigureTable) -> dict[str, str]:
    """What a person should know of a model's text in each of its languages; those with nothing to say are absent."""
    found = {code: _note(model, estimate(table, model, code), code, table) for code in languages}
    return {code: note for code, note in found.items() if note}


def _errors_beside(
    taken: AssessedModel, better: Sequence[AssessedModel], language: str, table: FigureTable
) -> ErrorEstimate | None:
    """The model's figure, of the data on which most of the better ones were measured, too: so all are of one kind."""
    data = shared_data(table, taken.name, [each.name for each in better], language)
    return estimate(table, taken.name, language, data) if data else taken.errors


def _note(model: str, errors: ErrorEstimate | None, code: str, table: FigureTable) -> str | None:
    if errors is None or errors.rate.percent < NOTED_FROM:
        return None
    language = language_name(code)
    measured = f" ({table.data[errors.rate.data]})"
    if not errors.is_lower_bound:
        return f"{model} gets {errors.shown} of {language} wrong{measured}"
    return f"{model} gets {errors.shown} of {language} wrong: {errors.of}, which is larger, gets so many{measured}"


def _better(each: AssessedModel, before: ErrorEstimate | None, task: ModelTask, table: FigureTable) -> BetterModel:
    """``before``: what the model that is taken gets wrong."""
    beside = own(table, each.name, task.language, before.rate.data) if before else None
    errors = ErrorEstimate(beside, each.name) if beside else each.errors
    measured = errors.rate if errors and not errors.is_lower_bound else None
    compared = before if beside else None
    return BetterModel(
        model=each.name,
        about="; ".join([_wrong(errors, compared, task.language, table), *_costs(each)]),
        command=_command(each),
        is_here=each.is_here,
        size=None if each.is_here else each.candidate.size,
        seconds=_rounded(each.seconds),
        wrong_percent=measured.percent if measured else None,
        measured_on=table.data[measured.data] if measured else None,
    )


def _wrong(errors: ErrorEstimate | None, before: ErrorEstimate | None, language: str, table: FigureTable) -> str:
    """``before``: of the model that is taken, on the same data; ``None`` where there is nothing to compare."""
    if errors is None:
        return "fewer words wrong"
    if errors.is_lower_bound:
        return f"it is larger; no figure of its {language_name(language)} is known here"
    return f"{_rates(errors.rate, before)} ({table.data[errors.rate.data]})"


def _rates(rate: ErrorRate, before: ErrorEstimate | None) -> str:
    """Such as ``about 5 of 100 words wrong instead of 18``."""
    if before is None:
        return f"{shown_rate(rate)} wrong"
    was = rounded(before.rate.percent)
    if before.is_lower_bound:
        return f"{shown_rate(rate)} wrong instead of {was} or more"
    if rounded(rate.percent) == was:
        return f"{rate.percent:.1f} of 100 words wrong instead of {before.rate.percent:.1f}"
    return f"{shown_rate(rate)} wrong instead of {was}"


def _costs(each: AssessedModel) -> Iterator[str]:
    if not each.is_here:
        yield f"{show_size(each.candidate.size)} to fetch" if each.candidate.size else "to fetch"
    if each.seconds is not None and each.speed is not None:
        yield f"about {shown_seconds(each.seconds)} for this film, {each.speed.basis}"


def _command(each: AssessedModel) -> str:
    return f"prepare-job … --model {each.name}" if each.is_here else f"pipeline model fetch {each.name}"


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)


def messages(decision: ModelDecision | None, notes: Sequence[str] | None = None) -> Iterator[str]:
    """What a person should know. A model that they named, and that is good enough, needs no word.

    ``notes``: what is to be said of its text now that it is known which language is spoken; ``None`` before that.
    """
    if decision is None:
        return
    if decision.why:
        takes = f"; about {shown_seconds(decision.seconds)} for this film" if decision.seconds is not None else ""
        takes += f", {decision.basis}" if takes and decision.basis else ""
        yield printable(f"model: {decision.model}, {decision.why}{takes}")
    yield from map(printable, _notes(decision) if notes is None else notes)
    is_other_language = notes is not None and decision.note is not None and decision.note not in notes
    for better in () if is_other_language else decision.better:
        yield printable(f"  {better.model} would be better: {better.about}")
        yield printable(f"    {better.command}")  # alone on its line, so that it can be copied


def _notes(decision: ModelDecision) -> Iterator[str]:
    if decision.note:
        by_track = f"; that it is {language_name(decision.language)} is what the audio track says"
        yield f"{decision.note}{by_track if decision.notes else ''}"
