"""Who uses a build: everyone who does holds a shared lock on its ready marker, which ends with their process.

The marker is opened for reading only, so that a lease works on a read-only disk. Whoever removes a build takes the
lock for itself alone, without waiting, and moves the build aside before letting go of it.
"""

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.envs.build import Build
from pipeline.envs.registry import MARKER, RETIRED
from pipeline.errors import NotReady
from pipeline.locks import is_without_locks, try_exclusive, try_shared

REMOVAL_SECONDS = 5  # whoever removes a build holds its lock for one rename


class InUse(Exception):
    """Somebody uses the build; ``users`` are the processes that could be named."""

    def __init__(self, users: tuple[str, ...]) -> None:
        super().__init__(" and ".join(users) or "another process")


@contextmanager
def hold(build: Build) -> Iterator[None]:
    """Keep a build from being removed. Raises ``NotReady`` where it is gone already."""
    descriptor = acquire(build)
    try:
        yield
    finally:
        os.close(descriptor)


def acquire(build: Build) -> int:
    """As ``hold``, for who passes the lease on to another process: a descriptor that holds it until it is closed."""
    descriptor = _open(build.prefix)
    if descriptor is not None:
        try:
            if _share_soon(descriptor) and _is_in_place(descriptor, build.prefix):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
    raise NotReady(
        f"environment '{build.name}': its build {build.prefix.name} was removed just now",
        f"bootstrap --env {build.name}",
    )


def is_held(build: Build) -> bool:
    """Whether anybody uses the build right now."""
    try:
        with alone(build.prefix):
            return False
    except InUse:
        return True


@contextmanager
def alone(prefix: Path) -> Iterator[None]:
    """Nobody uses a build, and nobody begins to; one without a marker is used by nobody. Raises ``InUse``."""
    descriptor = _open(prefix)
    if descriptor is None:
        yield
        return
    try:
        if not _is_alone(descriptor):
            raise InUse(users(prefix))
        yield
    finally:
        os.close(descriptor)


def users(prefix: Path) -> tuple[str, ...]:
    """The processes that have a build's marker open, as far as we may look; slow, so only for a message."""
    import psutil

    markers = {str(prefix / name) for name in (MARKER, RETIRED)}
    found = []
    for process in psutil.process_iter(["name"]):
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and markers & {file.path for file in process.open_files()}:
                found.append(f"process {process.pid} ({process.info['name']})")
    return tuple(found)


def _open(prefix: Path) -> int | None:
    """A damaged build has its marker under another name, and it is the same file to those who hold it."""
    for name in (MARKER, RETIRED, MARKER):  # again, should it change between the first two looks
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            return os.open(prefix / name, os.O_RDONLY)
    return None


def _share_soon(descriptor: int) -> bool:
    try:
        return try_shared(descriptor, REMOVAL_SECONDS)
    except OSError as error:
        # Where there are no locks nobody can take one to remove the build either, so it may be used.
        if is_without_locks(error):
            return True
        raise


def _is_alone(descriptor: int) -> bool:
    """False also on a disk without locks, where nobody can tell."""
    try:
        return try_exclusive(descriptor)
    except OSError:
        return False


def _is_in_place(descriptor: int, prefix: Path) -> bool:
    """Whether what we have locked still is the build's marker, and not that of a build which was moved aside."""
    mine = os.fstat(descriptor)
    for name in (MARKER, RETIRED):
        with contextlib.suppress(OSError):
            if os.path.samestat(mine, os.stat(prefix / name)):
                return True
    return False
