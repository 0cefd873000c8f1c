"""Every folder among the builds, and its state. Nothing is changed."""

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from pipeline.envs.notes import BuildNotes, Size, Uses, measure
from pipeline.envs.platform.removal import ASIDE
from pipeline.envs.registry import MARKER, RETIRED, Registry, name_of
from pipeline.locks import is_held


class State(Enum):
    """In the order in which builds are removed."""

    ASIDE = "removed"  # moved aside by a process that was killed before it had removed it
    HALF_BUILT = "half-built"  # by a process that was killed
    DAMAGED = "damaged"  # and replaced by a repair
    SUPERSEDED = "superseded"  # finished, and another build stands for its name
    LIVE = "live"
    BEING_BUILT = "being built"  # right now; never removed


GARBAGE = {State.ASIDE, State.HALF_BUILT, State.DAMAGED, State.SUPERSEDED}


@dataclass(frozen=True)
class BuildFolder:
    path: Path
    name: str  # the environment's; empty where it isn't known any more
    state: State
    key: str  # empty where there is no marker
    size: Size
    uses: Uses
    built: float  # seconds since the epoch; 0 where it was never finished

    @property
    def last_used(self) -> float:
        """Seconds since the epoch. A build that no run has used counts from the time when it was made."""
        return max(self.uses.last or 0.0, self.built)


def survey(registry: Registry) -> list[BuildFolder]:
    """All builds, and folders that an interrupted removal left. Sizes are measured where there is no note of them."""
    notes = BuildNotes(registry.store)
    builds = [_build_folder(registry, notes, path, name) for path, name in _builds(registry)]
    aside = [BuildFolder(path, "", State.ASIDE, "", notes.size(path), Uses(), 0.0) for path in _aside(registry)]
    return [*builds, *aside]


def _builds(registry: Registry) -> Iterator[tuple[Path, str]]:
    """Path and environment of each. A folder that isn't named like a build isn't ours, and is left alone."""
    with contextlib.suppress(OSError), os.scandir(registry.builds) as entries:
        # The real path, as the builder wrote it: health.py compares it with the build's place.
        root = Path(os.path.realpath(registry.builds))
        named = ((root / entry.name, name_of(entry.name)) for entry in entries if entry.is_dir())
        yield from sorted((path, name) for path, name in named if name)


def _aside(registry: Registry) -> list[Path]:
    with contextlib.suppress(OSError), os.scandir(registry.builds) as entries:
        return sorted(Path(each.path) for each in entries if each.name.startswith(".") and each.name.endswith(ASIDE))
    return []


def _build_folder(registry: Registry, notes: BuildNotes, path: Path, name: str) -> BuildFolder:
    state = _state(registry, path, name)
    return BuildFolder(path, name, state, _key(path), _size(notes, path, state), notes.uses(path), _built(path))


def _size(notes: BuildNotes, path: Path, state: State) -> Size:
    """Noted only for finished builds: others may still change."""
    match state:
        case State.BEING_BUILT:
            return Size(0, 0, 0)
        case State.HALF_BUILT:
            return measure(path)
    return notes.size(path)


def _state(registry: Registry, path: Path, name: str) -> State:
    if (path / MARKER).is_file():
        return State.LIVE if is_live(registry, name, path) else State.SUPERSEDED
    if (path / RETIRED).is_file():
        return State.DAMAGED
    return State.BEING_BUILT if is_held(registry.lock(name)) else State.HALF_BUILT


def is_live(registry: Registry, name: str, path: Path) -> bool:
    """Whether the name points to this build, in any project that uses it."""
    return registry.stands_for(name, path)


def _key(path: Path) -> str:
    for marker in (MARKER, RETIRED):
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            return str(json.loads((path / marker).read_bytes())["key"])
    return ""


def _built(path: Path) -> float:
    for marker in (MARKER, RETIRED):
        with contextlib.suppress(OSError):
            return os.stat(path / marker).st_mtime
    return 0.0
