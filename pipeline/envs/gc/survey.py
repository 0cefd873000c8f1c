"""Every folder among the builds, and what it is. Nothing is changed to find out."""

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from pipeline.envs.notes import Notes, Size, Uses, measure
from pipeline.envs.platform.removal import ASIDE
from pipeline.envs.registry import MARKER, RETIRED, Registry, name_of
from pipeline.locks import is_held


class State(Enum):
    """In the order in which they go when room is made."""

    ASIDE = "removed"  # moved aside by a process that was killed before it had removed it
    HALF_BUILT = "half-built"  # by a process that was killed
    DAMAGED = "damaged"  # and replaced by a repair
    SUPERSEDED = "superseded"  # finished, and another build stands for its name
    LIVE = "live"
    BEING_BUILT = "being built"  # right now; never goes


GARBAGE = {State.ASIDE, State.HALF_BUILT, State.DAMAGED, State.SUPERSEDED}


@dataclass(frozen=True)
class Found:
    folder: Path
    name: str  # the environment's; empty where it can't be told any more
    state: State
    key: str  # empty where there is no record
    size: Size
    uses: Uses
    built: float  # seconds since the epoch; 0 where it never was finished

    @property
    def last_used(self) -> float:
        """A build that no run has used yet counts from when it was made."""
        return max(self.uses.last or 0.0, self.built)


def survey(registry: Registry) -> list[Found]:
    notes = Notes(registry.root)
    builds = [_look(registry, notes, folder, name) for folder, name in _builds(registry)]
    aside = [Found(folder, "", State.ASIDE, "", notes.size(folder), Uses(), 0.0) for folder in _aside(registry)]
    return [*builds, *aside]


def _builds(registry: Registry) -> Iterator[tuple[Path, str]]:
    """What isn't named like a build isn't ours, and is left alone."""
    with contextlib.suppress(OSError), os.scandir(registry.builds) as found:
        # As the builder wrote the path, which is the one that is compared when somebody asks whether it was moved.
        root = Path(os.path.realpath(registry.builds))
        named = ((root / each.name, name_of(each.name)) for each in found if each.is_dir())
        yield from sorted((folder, name) for folder, name in named if name)


def _aside(registry: Registry) -> list[Path]:
    with contextlib.suppress(OSError), os.scandir(registry.builds) as found:
        return sorted(Path(each.path) for each in found if each.name.startswith(".") and each.name.endswith(ASIDE))
    return []


def _look(registry: Registry, notes: Notes, folder: Path, name: str) -> Found:
    state = _state(registry, folder, name)
    return Found(folder, name, state, _key(folder), _size(notes, folder, state), notes.uses(folder), _marked(folder))


def _size(notes: Notes, folder: Path, state: State) -> Size:
    """Only of what is finished it is remembered."""
    match state:
        case State.BEING_BUILT:
            return Size(0, 0, 0)
        case State.HALF_BUILT:
            return measure(folder)
    return notes.size(folder)


def _state(registry: Registry, folder: Path, name: str) -> State:
    if (folder / MARKER).is_file():
        return State.LIVE if is_live(registry, name, folder) else State.SUPERSEDED
    if (folder / RETIRED).is_file():
        return State.DAMAGED
    return State.BEING_BUILT if is_held(registry.lock(name)) else State.HALF_BUILT


def is_live(registry: Registry, name: str, folder: Path) -> bool:
    return os.path.realpath(registry.pointer(name)) == str(folder)


def _key(folder: Path) -> str:
    for marker in (MARKER, RETIRED):
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            return str(json.loads((folder / marker).read_bytes())["key"])
    return ""


def _marked(folder: Path) -> float:
    for marker in (MARKER, RETIRED):
        with contextlib.suppress(OSError):
            return os.stat(folder / marker).st_mtime
    return 0.0
