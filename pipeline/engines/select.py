"""Which engine does a piece of work, as a pure decision over what was looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.errors import NotReady, UsageError, did_you_mean

AUTO = "auto"
NAMED = "as was asked for"


@dataclass(frozen=True)
class Obstacle:
    """What an engine lacks to work now, and the command (or act) that gets it."""

    what: str
    command: str
    told_later: bool = False  # the look at what the plan needs tells it together with all else


@dataclass(frozen=True)
class Candidate:
    engine: str
    quality: int
    note: str = ""
    never: str = ""  # why it can't do this work, whatever is installed
    doubt: str = ""  # it can, if what isn't known yet is as it needs it
    model: str | None = None
    data: Mapping[str, str] = field(default_factory=dict)  # files that it translates with, by digest; no model has any
    obstacles: tuple[Obstacle, ...] = ()

    @property
    def works(self) -> bool:
        return not self.never and not self.obstacles


@dataclass(frozen=True)
class Decision:
    """``task``: what for, such as ``translation into es``."""

    task: str
    engine: str
    why: str
    model: str | None = None
    doubt: str = ""
    data: Mapping[str, str] = field(default_factory=dict)
    better: tuple[Candidate, ...] = ()  # that would be taken instead, but for their obstacles

    def recorded(self) -> dict[str, Any]:
        better = [
            {
                "engine": each.engine,
                "lacks": [obstacle.what for obstacle in each.obstacles],
                "commands": list(dict.fromkeys(obstacle.command for obstacle in each.obstacles)),
            }
            for each in self.better
        ]
        record = {"task": self.task, "engine": self.engine, "why": self.why, "model": self.model, "doubt": self.doubt}
        return {key: value for key, value in {**record, "better": better}.items() if value}


@dataclass(frozen=True)
class Decisions:
    """All of a job's, with what a workflow can say of them (``$NAME.engine`` and the like)."""

    made: tuple[Decision, ...] = ()
    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def recorded(self) -> list[dict[str, Any]]:
        return [*(each.recorded() for each in self.made), *({"task": note} for note in self.notes)]


def decide(task: str, asked: str, candidates: Sequence[Candidate]) -> Decision:
    """Raises ``UsageError`` where no engine can ever do it, ``NotReady`` where something has to be got first."""
    if asked != AUTO:
        return _named(task, asked, candidates)
    able = sorted((each for each in candidates if not each.never), key=_rank)
    if not able:
        reasons = "\n".join(f"  {each.engine}: {each.never}" for each in candidates)
        raise UsageError(f"no engine does the {task}:\n{reasons}", "choose another language, or another engine's way")
    chosen = next((each for each in able if each.works), None) or _nearest(task, able)
    better = tuple(each for each in able[: able.index(chosen)] if each.quality > chosen.quality)
    why = "the best of those that can work here now" if len(able) > 1 else "the only one that does it"
    why = _with(chosen.note, why)
    return Decision(task, chosen.engine, why, chosen.model, chosen.doubt, chosen.data, better)


def _rank(candidate: Candidate) -> tuple[bool, int]:
    """Certain ones before doubtful ones, then the best; equal ones in the order in which they are listed."""
    return bool(candidate.doubt), -candidate.quality


def _named(task: str, asked: str, candidates: Sequence[Candidate]) -> Decision:
    chosen = next((each for each in candidates if each.engine == asked), None)
    if chosen is None:
        known = [each.engine for each in candidates]
        raise UsageError(f"no engine '{asked}' for the {task}{did_you_mean(asked, [AUTO, *known])}")
    if chosen.never:
        able = [each.engine for each in candidates if not each.never]
        instead = f"choose {' or '.join([AUTO, *able])}" if able else "choose another language"
        raise UsageError(f"{asked} can't do the {task}: {chosen.never}", instead)
    _require([chosen], f"{asked} can't do the {task} now")
    return Decision(task, asked, NAMED, chosen.model, chosen.doubt, chosen.data)


def _nearest(task: str, able: Sequence[Candidate]) -> Candidate:
    """None works: the one that only lacks what is told with all else that the plan needs, or an error that says all."""
    ready_soon = [each for each in able if all(obstacle.told_later for obstacle in each.obstacles)]
    if not ready_soon:
        _require(able, f"no engine can do the {task} now", named=True)
    return min(ready_soon, key=lambda each: len(each.obstacles))


def _require(candidates: Sequence[Candidate], headline: str, named: bool = False) -> None:
    """Raises ``NotReady`` where there is an obstacle that nobody else tells; then with all of them."""
    obstacles = [obstacle for each in candidates for obstacle in each.obstacles]
    if all(obstacle.told_later for obstacle in obstacles):
        return
    several = len(candidates) > 1
    told = [f"  {f'{each.engine}: ' if named else ''}{_lacks(each)}" for each in candidates]
    steps = [
        f"{obstacle.command}   (for {each.engine})" if several else obstacle.command
        for each in candidates
        for obstacle in each.obstacles
    ]
    raise NotReady("\n".join([f"{headline}:", *told]), "\n".join(dict.fromkeys(steps)))


def _lacks(candidate: Candidate) -> str:
    return "; ".join(obstacle.what for obstacle in candidate.obstacles)


def _with(note: str, why: str) -> str:
    return f"{why} ({note})" if note else why
