"""Reading what is installed while the rest is still being installed, which leaves processors idle.

A package is read as soon as its installer has nothing more to write for it. What was read so counts only for a file
that was changed neither shortly before nor afterwards; all others are read when everything is there.
"""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import Self

from pipeline.envs.building.ahead import Ahead
from pipeline.envs.proving import deep
from pipeline.envs.proving.comparing import Compared
from pipeline.envs.proving.reading import FAST, Content, Reader, algorithm_of
from pipeline.envs.records import UNREADABLE

PAUSE = 0.03  # seconds between looks at what has come
SETTLED = 50_000_000  # nanoseconds; times of files advance in steps of up to ten milliseconds


class Alongside:
    """To be entered before the installer starts; nothing is read any more after it was left."""

    def __init__(self, site_packages: Path) -> None:
        self._site_packages = site_packages
        self._all_there = Event()
        self._left = Event()
        self._compared = Ahead(self._work)

    def __enter__(self) -> Self:
        self._compared.begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left.set()
        self._all_there.set()
        with contextlib.suppress(OSError):  # whoever wanted the result has asked for it
            self._compared.result()

    def all_installed(self) -> None:
        self._all_there.set()

    def result(self) -> Compared:
        """All files, as they stand when everything is installed."""
        self.all_installed()
        return self._compared.result()

    def _work(self) -> Compared:
        earlier: dict[str, Content] = {}
        taken: set[str] = set()
        while not self._all_there.wait(PAUSE):
            for folder in self._complete(taken):
                taken.add(folder.name)
                earlier.update(self._read(folder))
        return Compared() if self._left.is_set() else deep.read_all(self._site_packages, earlier)

    def _complete(self, taken: set[str]) -> Iterator[Path]:
        """The folders of metadata to which the installer has put its own name, which it does after all files."""
        now = time.time_ns()
        for name in os.listdir(self._site_packages):
            if name.endswith(".dist-info") and name not in taken:
                folder = self._site_packages / name
                if _written(folder / "INSTALLER", now - SETTLED):
                    yield folder

    def _read(self, folder: Path) -> Iterator[tuple[str, Content]]:
        reader = Reader()
        try:
            for entry in deep.recorded(folder):
                if self._all_there.is_set():
                    return
                now = time.time_ns()
                content = reader.read(os.path.join(self._site_packages, entry.file), {algorithm_of(entry.digest), FAST})
                if content.ctime_ns < now - SETTLED:
                    yield entry.file, content
        except UNREADABLE:
            return  # it is told when everything should be there


def _written(file: Path, before: int) -> bool:
    try:
        return os.stat(file).st_ctime_ns < before
    except OSError:
        return False
