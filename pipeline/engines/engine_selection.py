"""Which engine does one piece of work: a choice among candidates, from what each of them lacks."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.errors import NotReady, UsageError, did_you_mean
from pipeline.jobs.plan import BetterEngine, EngineDecision

AUTO = "auto"
NAMED = "as was asked for"


@dataclass(frozen=True)
class Obstacle:
    """What an engine lacks to work now, and the command (or act) that gets it."""

    what: str
    command: str
    # The check of everything that a plan needs reports it as well, together with all else that is missing.
    is_reported_later: bool = False


@dataclass(frozen=True)
class EngineCandidate:
    """An engine that has the right kind for the work."""

    engine: str
    quality: int  # the higher, the better
    note: str = ""  # what a person should know of its quality
    never: str = ""  # why it can't do this work, whatever is installed
    doubt: str = ""  # why it may turn out that it can't, once more is known of the input
    model: str | None = None
    obstacles: tuple[Obstacle, ...] = ()

    @property
    def works(self) -> bool:
        return not self.never and not self.obstacles


@dataclass(frozen=True)
class EngineChoice:
    """The engine that does a piece of work."""

    task: str  # such as "translation from English (en) into Spanish (es)"
    candidate: EngineCandidate
    why: str
    better: tuple[EngineCandidate, ...] = ()  # engines of higher quality that something is missing for

    @property
    def engine(self) -> str:
        return self.candidate.engine

    def record(self, model: str | None) -> EngineDecision:
        """The choice as it stands in ``job.json``. ``model``: the name under which the job has the engine's model."""
        return EngineDecision(
            task=self.task,
            engine=self.engine,
            model=model or None,
            why=self.why,
            doubt=self.candidate.doubt or None,
            better=tuple(map(_better, self.better)),
        )


def choose(task: str, name: str, candidates: Sequence[EngineCandidate]) -> EngineChoice:
    """The best engine that can work now; with the ``name`` of an engine, that one and no other.

    Where none can work now, an engine is taken that lacks only what is reported later.

    Raises ``UsageError`` where no engine can ever do the work, ``NotReady`` where something has to be installed first.
    """
    if name != AUTO:
        return _named(task, name, candidates)
    able = sorted((each for each in candidates if not each.never), key=_rank)
    if not able:
        reasons = "\n".join(f"  {each.engine}: {each.never}" for each in candidates)
        raise UsageError(f"no engine does the {task}:\n{reasons}", "choose another language")
    chosen = next((each for each in able if each.works), None) or _nearest(task, able)
    better = tuple(each for each in able[: able.index(chosen)] if each.quality > chosen.quality)
    why = "the best engine that can be used on this machine now" if len(able) > 1 else "the only one that does it"
    return EngineChoice(task, chosen, f"{why} ({chosen.note})" if chosen.note else why, better)


def _rank(candidate: EngineCandidate) -> tuple[bool, int]:
    """Certain ones before doubtful ones, then the best; equal ones keep their order."""
    return bool(candidate.doubt), -candidate.quality


def _named(task: str, name: str, candidates: Sequence[EngineCandidate]) -> EngineChoice:
    chosen = next((each for each in candidates if each.engine == name), None)
    if chosen is None:
        known = [each.engine for each in candidates]
        raise UsageError(f"no engine '{name}' for the {task}{did_you_mean(name, [AUTO, *known])}")
    if chosen.never:
        able = [each.engine for each in candidates if not each.never]
        instead = f"choose {' or '.join([AUTO, *able])}" if able else "choose another language"
        raise UsageError(f"{name} can't do the {task}: {chosen.never}", instead)
    _require_nothing([chosen], f"{name} can't do the {task} now", with_names=False)
    return EngineChoice(task, chosen, NAMED)


def _nearest(task: str, able: Sequence[EngineCandidate]) -> EngineCandidate:
    """None works now: the one that lacks the least of what is reported later. Raises ``NotReady`` without any."""
    soon = [each for each in able if all(obstacle.is_reported_later for obstacle in each.obstacles)]
    if not soon:
        _require_nothing(able, f"no engine can do the {task} now", with_names=True)
    return min(soon, key=lambda each: len(each.obstacles))


def _require_nothing(candidates: Sequence[EngineCandidate], headline: str, with_names: bool) -> None:
    """Raises ``NotReady`` with all obstacles, where there is one that isn't reported later."""
    if all(obstacle.is_reported_later for each in candidates for obstacle in each.obstacles):
        return
    several = len(candidates) > 1
    lines = [f"  {f'{each.engine}: ' if with_names else ''}{'; '.join(_lacks(each))}" for each in candidates]
    steps = [
        f"{obstacle.command}   (for {each.engine})" if several else obstacle.command
        for each in candidates
        for obstacle in each.obstacles
    ]
    raise NotReady("\n".join([f"{headline}:", *lines]), "\n".join(dict.fromkeys(steps)))


def _lacks(candidate: EngineCandidate) -> tuple[str, ...]:
    return tuple(obstacle.what for obstacle in candidate.obstacles)


def _better(candidate: EngineCandidate) -> BetterEngine:
    commands = tuple(dict.fromkeys(obstacle.command for obstacle in candidate.obstacles))
    return BetterEngine(candidate.engine, _lacks(candidate), commands)
