"""Which model recognises a film: the best that is here, serves the language, fits the machine and ends in time."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.config.model_figures import FigureTable
from pipeline.engines import model_speed, word_errors
from pipeline.engines.model_candidates import MachineFacts, ModelCandidate, ModelTask
from pipeline.engines.model_speed import ModelSpeed
from pipeline.engines.word_errors import UNKNOWN, ErrorEstimate
from pipeline.errors import NotReady, UsageError
from pipeline.media.languages import name as language_name

# Of the film's own length: how long each quality may take where a model is fast enough. None: as long as it takes.
SHARES = {"fast": 0.25, "balanced": 1.0, "best": None}
PACES = {"fast": " in a quarter of the film's time", "balanced": " in no more than the film's time", "best": ""}
MORE_TIME = "leave --within out, or allow more time with it"
WORTH = 0.9  # another model is worth a word where it gets at most this share of the words wrong


@dataclass(frozen=True)
class AssessedModel:
    """A model that serves the language, and what can be expected of it."""

    candidate: ModelCandidate
    rank: tuple[float, int]  # the lower, the better
    errors: ErrorEstimate | None  # None where nothing is published, or the language isn't known
    speed: ModelSpeed | None
    seconds: float | None  # for the whole film
    has_memory: bool

    @property
    def name(self) -> str:
        return self.candidate.name

    @property
    def is_here(self) -> bool:
        return self.candidate.is_here

    def ends_within(self, seconds: float | None) -> bool:
        return seconds is None or (self.seconds is not None and self.seconds <= seconds)

    def is_fast_enough(self, quality: str) -> bool:
        share = SHARES[quality]
        return share is None or (self.speed is not None and self.speed.times * share >= 1)

    def is_better_than(self, other: "AssessedModel") -> bool:
        """As far as is published: of a model without figures nobody knows it."""
        if other.rank[0] == UNKNOWN:
            return False
        return self.rank[0] <= other.rank[0] * WORTH or (self.rank[0] == other.rank[0] and self.rank[1] < other.rank[1])


@dataclass(frozen=True)
class ModelChoice:
    taken: AssessedModel
    why: str
    better: tuple[AssessedModel, ...] = ()  # that a person could have instead, the nearest first


def assess(
    task: ModelTask, candidates: Sequence[ModelCandidate], table: FigureTable, machine: MachineFacts
) -> list[AssessedModel]:
    """Those that serve the language, the best first."""
    serving = [each for each in candidates if task.is_served_by(each)]
    ranks = word_errors.ranks(table, [each.name for each in serving], task.language)
    found = []
    for each in serving:
        speed = model_speed.speed(each, [other for other in candidates if other != each], machine)
        seconds = task.seconds / speed.times if speed and task.seconds is not None else None
        errors = word_errors.estimate(table, each.name, task.language) if task.language else None
        found.append(AssessedModel(each, ranks[each.name], errors, speed, seconds, model_speed.fits(each, machine)))
    return sorted(found, key=lambda each: (*each.rank, not each.is_here, each.name))


def choose(
    task: ModelTask,
    candidates: Sequence[ModelCandidate],
    table: FigureTable,
    machine: MachineFacts,
    anywhere: bool = False,
) -> ModelChoice:
    """``anywhere``: also among models that aren't here and have to be fetched first.

    Raises ``UsageError`` where no model does what is asked for, ``NotReady`` where none that is here does.
    """
    serving = assess(task, candidates, table, machine)
    if not serving:
        raise UsageError(f"{_unserved(task)}{_hint(task, candidates)}", _what_serves(task))
    possible = [each for each in serving if each.has_memory]
    in_time = [each for each in possible if each.ends_within(task.within)]
    pool = [each for each in in_time if each.is_here or anywhere]
    if not pool:
        raise _nothing(task, serving, in_time, _hint(task, candidates))
    fast = [each for each in pool if each.is_fast_enough(task.quality)]
    taken = fast[0] if fast else _fastest(pool)
    return ModelChoice(taken, _why(task, pool, bool(fast)), _better(task, taken, in_time))


def judge(
    name: str, task: ModelTask, candidates: Sequence[ModelCandidate], table: FigureTable, machine: MachineFacts
) -> ModelChoice | None:
    """What is to be said of a model that a person named; ``None`` where it doesn't serve the language."""
    serving = assess(task, candidates, table, machine)
    named = next((each for each in serving if each.name == name), None)
    return (
        ModelChoice(named, "", _better(task, named, [each for each in serving if each.has_memory])) if named else None
    )


def _fastest(pool: Sequence[AssessedModel]) -> AssessedModel:
    """``pool`` has the best one first, which is taken where nobody knows how fast any of them is."""
    return max(pool, key=lambda each: each.speed.times if each.speed else 0.0)


def _why(task: ModelTask, pool: Sequence[AssessedModel], is_fast_enough: bool) -> str:
    one = len(pool) == 1
    does = f"recognise{'s' if one else ''} {_language(task)}"
    limit = f" and end{'s' if one else ''} within {shown_seconds(task.within)}" if task.within is not None else ""
    if one:
        return f"the only one here that {does}{limit}"
    if not is_fast_enough:
        return f"the fastest of {len(pool)} here that {does}{limit}"
    return f"the best of {len(pool)} here that {does}{PACES[task.quality]}{limit}"


def _better(task: ModelTask, taken: AssessedModel, in_time: Sequence[AssessedModel]) -> tuple[AssessedModel, ...]:
    """The best one that is as fast as is wanted, the best that is here, and the best of all; each once."""
    better = [each for each in in_time if each.is_better_than(taken)]
    fast = [each for each in better if each.is_fast_enough(task.quality)]
    here = [each for each in better if each.is_here]
    return tuple(each for each in better if each in (*fast[:1], *here[:1], *better[:1]))[::-1]


def _nothing(
    task: ModelTask, serving: Sequence[AssessedModel], in_time: Sequence[AssessedModel], hint: str
) -> NotReady:
    """Why no model can be taken, and the command that changes that."""
    here = [each for each in serving if each.is_here]
    fast = [each for each in in_time if each.is_fast_enough(task.quality)]
    fetch = next((f"pipeline model fetch {each.name}" for each in [*fast[:1], *in_time[:1]]), None)
    if not here:
        what = f"no model{_for_engine(task)} that recognises {_language(task)} is here{hint}"
        return NotReady(what, fetch or "pipeline model list")
    able = [each for each in here if each.has_memory]
    if not able:
        names = ", ".join(each.name for each in here)
        return NotReady(f"this machine has too little memory for {names}", fetch or "prepare it on another machine")
    return NotReady(
        _too_slow(_fastest(able), shown_seconds(task.within or 0)), "\n".join(filter(None, [fetch, MORE_TIME]))
    )


def _too_slow(quickest: AssessedModel, limit: str) -> str:
    if quickest.seconds is None or quickest.speed is None:
        return f"nobody knows how long {quickest.name} takes, so it can't be promised that it ends within {limit}"
    takes = f"{quickest.name} takes about {shown_seconds(quickest.seconds)} ({quickest.speed.basis})"
    return f"no model that is here ends within {limit}: {takes}"


def _unserved(task: ModelTask) -> str:
    if task.language:
        return f"no model{_for_engine(task)} recognises {_language(task)}"
    return f"no model{_for_engine(task)} has so many languages that it may be taken without knowing which one is spoken"


def _for_engine(task: ModelTask) -> str:
    return f" for {task.engine}" if task.engine else ""


def _what_serves(task: ModelTask) -> str:
    """Models that have few languages are left aside where nobody says which one is spoken."""
    every = f"pipeline model list --task recognition --language {task.language}"
    return every if task.language else "say which language is spoken with -s CODE, such as -s en"


def _hint(task: ModelTask, candidates: Sequence[ModelCandidate]) -> str:
    """Models for one language are left aside where only the file says that this is what is spoken."""
    alone = [each.name for each in candidates if each.is_here and each.languages == (task.language,)]
    return (
        f"; -s {task.language} allows {alone[0]}, which recognises nothing else" if alone and not task.is_stated else ""
    )


def _language(task: ModelTask) -> str:
    return language_name(task.language) if task.language else "whatever is spoken"


def shown_seconds(seconds: float) -> str:
    """``45 s``, ``12 min``, ``2 h 5 min``."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return " ".join(filter(None, [f"{hours} h" if hours else "", f"{minutes} min" if minutes else ""]))
