"""Removing a build that no process uses or builds: it is moved aside in one step, and only then deleted.

If the process is killed in between, the folder that was moved aside is left; the next removal deletes it.
"""

import contextlib
import os
from pathlib import Path

from pipeline.envs import leases
from pipeline.envs.gc.survey import BuildFolder, State
from pipeline.envs.notes import BuildNotes, measure
from pipeline.envs.platform.removal import move_aside, remove_tree
from pipeline.envs.registry import KEY_LOCKS, MARKER, Registry
from pipeline.errors import NotReady
from pipeline.locks import Held, discard, exclusive


class RemovalRefused(Exception):
    """A build can't be removed now; the message says who needs it."""


def remove(registry: Registry, build: BuildFolder) -> int:
    """Returns the bytes that are free now: files that have a name elsewhere, too, don't count.

    Raises ``RemovalRefused`` where a process uses or builds it, and ``NotReady`` where we may not delete it.
    """
    try:
        gone = build.path if build.state is State.ASIDE else _move_aside(registry, build)
    except FileNotFoundError:  # another process has removed it
        return 0
    except OSError as error:
        raise NotReady(
            f"{build.path} can't be removed: {error.strerror}",
            f"get the permission to write to it; this shows who has it\nls -ld {build.path.parent}",
        ) from error
    sweep_pointers(registry)
    size = measure(gone)
    try:
        remove_tree(gone)
    except OSError as error:  # it isn't a build any more, and the next removal tries again
        raise NotReady(
            f"{gone} can't be removed: {error.strerror}",
            f"get the permission to remove it; this shows who has it\nls -ld {gone}",
        ) from error
    BuildNotes(registry.store).forget(build.path)
    return size.allocated - size.shared


def sweep_pointers(registry: Registry) -> None:
    """Remove names that point to a build which is gone: a removal that was killed leaves such. Raises nothing."""
    with contextlib.suppress(OSError):
        for pointer in list(registry.root.iterdir()):
            if pointer.is_symlink() and not pointer.exists():
                with contextlib.suppress(OSError, Held), exclusive(registry.name_lock(pointer.name)):
                    _drop_pointer(registry, pointer.name)


def sweep_locks(registry: Registry) -> None:
    """Remove the lock files of keys that have no builds any more. Raises nothing."""
    for lock in registry.key_locks():
        with contextlib.suppress(OSError, Held, NotReady), exclusive(lock):
            if not registry.folders(lock.name.removesuffix(KEY_LOCKS)):
                discard(lock)


def _move_aside(registry: Registry, build: BuildFolder) -> Path:
    """The key's lock first, as the builder takes it, so that no name can get this build meanwhile."""
    try:
        with contextlib.ExitStack() as held:
            for lock in registry.folder_locks(build.path):
                held.enter_context(exclusive(lock))
            held.enter_context(leases.exclusive_use(build.path))
            _require_unchanged(registry, build)
            return move_aside(build.path)
    except Held as error:
        raise RemovalRefused(f"{error.holder} is building or removing {_shown(build)}") from error
    except leases.InUse as error:
        raise RemovalRefused(f"{error} uses it") from error


def _require_unchanged(registry: Registry, build: BuildFolder) -> None:
    """A build that was half-built or superseded may have been finished or made live since the survey."""
    is_finished = (build.path / MARKER).is_file()
    names = registry.names_of(build.path) if build.state is State.SUPERSEDED else []
    if (build.state is State.HALF_BUILT and is_finished) or names:
        label = f"environment '{names[0]}'" if names else _shown(build)
        raise RemovalRefused(f"{label} was made ready with it just now")
    if other := registry.other_user(build.path):
        raise RemovalRefused(f"the project in {other} uses it")


def _shown(build: BuildFolder) -> str:
    return f"environment '{build.name}'" if build.name else build.path.name


def _drop_pointer(registry: Registry, name: str) -> None:
    """Remove a name that points to a build which is gone. The caller holds the name's lock."""
    pointer = registry.pointer(name)
    into = os.path.realpath(registry.builds) + os.sep
    if pointer.is_symlink() and not pointer.exists() and os.path.realpath(pointer).startswith(into):
        pointer.unlink()
