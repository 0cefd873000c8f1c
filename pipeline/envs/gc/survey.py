"""Every folder among the builds, and its state. Nothing is changed."""

import contextlib
import json
import os
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from pipeline.envs.folder_names import parsed
from pipeline.envs.notes import BuildNotes, Size, Uses, measure
from pipeline.envs.platform.removal import ASIDE
from pipeline.envs.pointers import Pointers
from pipeline.envs.registry import MARKER, RETIRED, Registry
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
    name: str  # the environment's that stands for it, or that it was made for; empty where nobody knows it any more
    state: State
    key: str  # empty where there is no marker
    size: Size
    uses: Uses
    built: float  # seconds since the epoch; 0 where it was never finished
    names: tuple[str, ...] = ()  # all of the project's that stand for it

    @property
    def labels(self) -> tuple[str, ...]:
        """The environments that it belongs to: those that stand for it, else the one that it was made for."""
        return self.names or tuple(filter(None, (self.name,)))

    @property
    def last_used(self) -> float:
        """Seconds since the epoch. A build that no run has used counts from the time when it was made."""
        return max(self.uses.last or 0.0, self.built)


def survey(registry: Registry) -> list[BuildFolder]:
    """All builds, and folders that an interrupted removal left. Sizes are measured where there is no note of them."""
    notes, pointers = BuildNotes(registry.store), registry.pointers()
    builds = [_build_folder(registry, notes, pointers, path) for path in _builds(registry)]
    aside = [BuildFolder(path, "", State.ASIDE, "", notes.size(path), Uses(), 0.0) for path in _aside(registry)]
    return [*builds, *aside]


def _builds(registry: Registry) -> list[Path]:
    """A folder that isn't named like a build isn't ours, and is left alone."""
    with contextlib.suppress(OSError), os.scandir(registry.builds) as entries:
        # The real path, as the builder wrote it: health.py compares it with the build's place.
        root = Path(os.path.realpath(registry.builds))
        return sorted(root / entry.name for entry in entries if parsed(entry.name) and entry.is_dir())
    return []


def _aside(registry: Registry) -> list[Path]:
    with contextlib.suppress(OSError), os.scandir(registry.builds) as entries:
        return sorted(Path(each.path) for each in entries if each.name.startswith(".") and each.name.endswith(ASIDE))
    return []


def _build_folder(registry: Registry, notes: BuildNotes, pointers: Pointers, path: Path) -> BuildFolder:
    state, marker, names = _state(registry, pointers, path), _marker(path), pointers.names(path)
    return BuildFolder(
        path,
        name=next(iter(names), marker.get("name") or _older_name(path)),
        state=state,
        key=marker.get("key", ""),
        size=_size(notes, path, state),
        uses=notes.uses(path),
        built=_built(path),
        names=names,
    )


def _size(notes: BuildNotes, path: Path, state: State) -> Size:
    """Noted only for finished builds: others may still change."""
    match state:
        case State.BEING_BUILT:
            return Size(0, 0, 0)
        case State.HALF_BUILT:
            return measure(path)
    return notes.size(path)


def _state(registry: Registry, pointers: Pointers, path: Path) -> State:
    if (path / MARKER).is_file():
        return State.LIVE if pointers.is_live(path) else State.SUPERSEDED
    if (path / RETIRED).is_file():
        return State.DAMAGED
    return State.BEING_BUILT if any(map(is_held, registry.folder_locks(path))) else State.HALF_BUILT


def _marker(path: Path) -> dict[str, str]:
    """What a build's marker says in words; nothing where there is none that can be read."""
    for name in (MARKER, RETIRED):
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            marker = json.loads((path / name).read_bytes())
            return {key: str(marker[key]) for key in ("name", "key")}
    return {}


def _older_name(path: Path) -> str:
    """The environment that the folder of an earlier version's build is named after."""
    name = parsed(path.name)
    return (name.environment if name else None) or ""


def _built(path: Path) -> float:
    for marker in (MARKER, RETIRED):
        with contextlib.suppress(OSError):
            return os.stat(path / marker).st_mtime
    return 0.0
