"""Taking a build away: with nobody in it and nobody building, moved aside in one step, and only then removed.

Killed in between, the folder that was moved aside is left, which the next removal finishes.
"""

import contextlib
import os
from pathlib import Path

from pipeline.envs import leases
from pipeline.envs.gc.survey import Found, State, is_live
from pipeline.envs.notes import Notes, measure
from pipeline.envs.platform.removal import move_aside, remove_tree
from pipeline.envs.registry import MARKER, Registry
from pipeline.errors import NotReady
from pipeline.locks import Held, exclusive


class Refused(Exception):
    """It can't go now; the message says who needs it."""


def remove(registry: Registry, found: Found) -> int:
    """Returns the bytes that this gave back: not those of files that have a name elsewhere. Raises ``Refused``."""
    try:
        gone = found.folder if found.state is State.ASIDE else _take_away(registry, found)
    except FileNotFoundError:  # somebody else was quicker
        return 0
    except OSError as error:
        raise NotReady(
            f"{found.folder} can't be removed: {error.strerror}", f"get the right to write to {found.folder.parent}"
        ) from error
    size = measure(gone)
    try:
        remove_tree(gone)
    except OSError as error:  # it is nobody's build any more, and the next collection tries again
        raise NotReady(f"{gone} can't be removed: {error.strerror}", f"get the right to remove {gone}") from error
    Notes(registry.root).forget(found.folder)
    return size.allocated - size.shared


def sweep_pointers(registry: Registry) -> None:
    """Names that point to a build which is gone, left by a removal that was killed."""
    with contextlib.suppress(OSError):
        for pointer in list(registry.root.iterdir()):
            if pointer.is_symlink() and not pointer.exists():
                with contextlib.suppress(OSError, Held), exclusive(registry.lock(pointer.name)):
                    _drop_pointer(registry, pointer.name)


def _take_away(registry: Registry, found: Found) -> Path:
    """The name's lock first, as the builder does, so that no build is pointed to while it goes."""
    try:
        with exclusive(registry.lock(found.name)), leases.alone(found.folder):
            _require_unchanged(registry, found)
            gone = move_aside(found.folder)
            _drop_pointer(registry, found.name)
            return gone
    except Held as error:
        raise Refused(f"{error.holder} is building or removing environment '{found.name}'") from error
    except leases.InUse as error:
        raise Refused(f"{error} uses it") from error


def _require_unchanged(registry: Registry, found: Found) -> None:
    """What was of no use when it was looked at may have been finished or chosen again since."""
    finished = (found.folder / MARKER).is_file()
    chosen = found.state is State.SUPERSEDED and is_live(registry, found.name, found.folder)
    if (found.state is State.HALF_BUILT and finished) or chosen:
        raise Refused(f"environment '{found.name}' was made ready with it just now")


def _drop_pointer(registry: Registry, name: str) -> None:
    """The name stands for nothing any more, where it stood for what went. We hold its lock."""
    pointer = registry.pointer(name)
    into = os.path.realpath(registry.builds) + os.sep
    if pointer.is_symlink() and not pointer.exists() and os.path.realpath(pointer).startswith(into):
        pointer.unlink()
