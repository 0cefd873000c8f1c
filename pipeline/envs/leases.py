"""Leases: a process that uses a build or a model holds a shared lock on its ready marker until it releases it or ends.

The marker is opened for reading only, so that a lease works on a read-only disk. A process that removes a build takes
the exclusive lock, without waiting, and moves the build aside before it releases the lock.
"""

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from pipeline.envs.build import Build
from pipeline.envs.registry import MARKER, RETIRED
from pipeline.errors import NotReady
from pipeline.locks import is_without_locks, try_exclusive, try_shared

REMOVAL_SECONDS = 5  # the wait for a process that removes the build, which holds the lock for one rename only


class InUse(Exception):
    """The build is used; ``users`` are the processes that could be named."""

    def __init__(self, users: tuple[str, ...]) -> None:
        super().__init__(" and ".join(users) or "another process")


class Leases:
    """The leases of one run. A build, or a model's folder, is leased once and until the run ends, also when its name
    gets another build."""

    def __init__(self) -> None:
        self._descriptors: dict[Path, int] = {}

    def on(self, build: Build) -> int:
        """The descriptor of the lease on a build. Raises ``NotReady`` where the build is gone."""
        if build.prefix not in self._descriptors:
            self._descriptors[build.prefix] = acquire(build)
        return self._descriptors[build.prefix]

    def on_model(self, folder: Path) -> None:
        """Keep a model in its place. One that isn't there is told by who looks at it."""
        if folder not in self._descriptors and (descriptor := _acquired(folder)) is not None:
            self._descriptors[folder] = descriptor

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        while self._descriptors:
            os.close(self._descriptors.popitem()[1])


@contextmanager
def hold(build: Build) -> Iterator[None]:
    """Keep a build from being removed, during the block. Raises ``NotReady`` where it is gone already."""
    descriptor = acquire(build)
    try:
        yield
    finally:
        os.close(descriptor)


def acquire(build: Build) -> int:
    """As ``hold``, until the returned descriptor is closed; it can be handed on to another process."""
    descriptor = _acquired(build.prefix)
    if descriptor is None:
        raise NotReady(
            f"environment '{build.name}': its build {build.prefix.name} was removed just now",
            f"bootstrap --env {build.name}",
        )
    return descriptor


def _acquired(prefix: Path) -> int | None:
    """The descriptor of a lease on what stands there; ``None`` where it is gone."""
    descriptor = _open(prefix)
    if descriptor is None:
        return None
    try:
        if _share_soon(descriptor) and _is_in_place(descriptor, prefix):
            return descriptor
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def is_held(build: Build) -> bool:
    """Whether a process uses the build right now."""
    try:
        with exclusive_use(build.prefix):
            return False
    except InUse:
        return True


@contextmanager
def exclusive_use(prefix: Path) -> Iterator[None]:
    """During the block, no other process uses a build or begins to. Raises ``InUse`` where one uses it.

    A build without a marker is used by no process.
    """
    descriptor = _open(prefix)
    if descriptor is None:
        yield
        return
    try:
        if not _is_unused(descriptor):
            raise InUse(users(prefix))
        yield
    finally:
        os.close(descriptor)


def users(prefix: Path) -> tuple[str, ...]:
    """The processes that have a build's marker open, as far as we may look. Slow, so only for a message."""
    import psutil

    markers = {str(prefix / name) for name in (MARKER, RETIRED)}
    named = []
    for process in psutil.process_iter(["name"]):
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and markers & {file.path for file in process.open_files()}:
                named.append(f"process {process.pid} ({process.info['name']})")
    return tuple(named)


def _open(prefix: Path) -> int | None:
    """The marker of a damaged build has another name, but is the same file for processes that have a lease on it."""
    for name in (MARKER, RETIRED, MARKER):  # again: it may change its name between the first two
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            return os.open(prefix / name, os.O_RDONLY)
    return None


def _share_soon(descriptor: int) -> bool:
    try:
        return try_shared(descriptor, REMOVAL_SECONDS)
    except OSError as error:
        # Without locks, no process can take one to remove the build either, so it may be used.
        if is_without_locks(error):
            return True
        raise


def _is_unused(descriptor: int) -> bool:
    """Whether no other process has a lease. False also on a disk without locks, where this can't be known."""
    try:
        return try_exclusive(descriptor)
    except OSError:
        return False


def _is_in_place(descriptor: int, prefix: Path) -> bool:
    """Whether the locked file still is the build's marker, and not that of a build that was moved aside."""
    mine = os.fstat(descriptor)
    for name in (MARKER, RETIRED):
        with contextlib.suppress(OSError):
            if os.path.samestat(mine, os.stat(prefix / name)):
                return True
    return False
