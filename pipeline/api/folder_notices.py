"""Waits for something to happen in folders: by the kernel's notices on Linux, elsewhere in short steps.

https://man7.org/linux/man-pages/man7/inotify.7.html
"""

import contextlib
import ctypes
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from pipeline.api.descriptors import are_readable

STEP_SECONDS = 0.2  # between two looks where the kernel tells nothing
LONGEST = 5.0  # seconds without a notice until a look all the same: a network file system gives none for other machines
MODIFIED, CLOSED, MOVED_TO, CREATED, DELETED_SELF, MOVED_SELF = 0x2, 0x8, 0x80, 0x100, 0x400, 0x800
WATCHED = MODIFIED | CLOSED | MOVED_TO | CREATED | DELETED_SELF | MOVED_SELF
FLAGS = os.O_CLOEXEC | os.O_NONBLOCK if os.name != "nt" else 0
NOTICES = 1 << 16  # bytes of them that are read at once


class FolderNotices:
    """Folders that are watched from now on. To be closed."""

    def __init__(self, *folders: Path) -> None:
        self._descriptor = _descriptor(folders)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def add(self, folder: Path) -> None:
        """One more, which wasn't there before. Where the system gives no notice of it, none is waited for any more."""
        if self._descriptor is not None and not _watch(self._descriptor, folder):
            self.__exit__()

    def wait(self, seconds: float, other: int | None = None) -> None:
        """Until something has happened since the last call, or ``other`` is readable, or the time is over."""
        seconds = max(0.0, min(seconds, LONGEST))
        if self._descriptor is None:
            time.sleep(min(seconds, STEP_SECONDS))
            return
        waited = [self._descriptor] if other is None else [self._descriptor, other]
        are_readable(waited, seconds)
        self._take()

    async def wait_async(self, seconds: float) -> None:
        """As ``wait``, without blocking the event loop."""
        import asyncio  # takes longer than a small job

        seconds = max(0.0, min(seconds, LONGEST))
        loop = asyncio.get_running_loop()
        if self._descriptor is None:
            await asyncio.sleep(min(seconds, STEP_SECONDS))
            return
        noticed = asyncio.Event()
        loop.add_reader(self._descriptor, noticed.set)
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(noticed.wait(), seconds)
        finally:
            loop.remove_reader(self._descriptor)
        self._take()

    def _take(self) -> None:
        assert self._descriptor is not None
        with contextlib.suppress(BlockingIOError):
            os.read(self._descriptor, NOTICES)


def _descriptor(folders: Sequence[Path]) -> int | None:
    """``None`` where the system has no such notices, or no more of them for this user."""
    if sys.platform != "linux":
        return None
    descriptor = int(ctypes.CDLL(None, use_errno=True).inotify_init1(FLAGS))
    if descriptor < 0:
        return None
    if not all(_watch(descriptor, folder) for folder in folders):
        os.close(descriptor)
        return None
    return descriptor


def _watch(descriptor: int, folder: Path) -> bool:
    library = ctypes.CDLL(None, use_errno=True)
    return bool(library.inotify_add_watch(descriptor, os.fsencode(folder), ctypes.c_uint32(WATCHED)) >= 0)
