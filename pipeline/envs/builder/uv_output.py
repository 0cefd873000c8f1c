"""Reading along in the log that an installer writes."""

import os
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Self

PAUSE = 0.03  # seconds between looks; a look is two system calls


class Watch:
    """Calls ``look`` with what the log has got since ``start``, time and again, and once more at the end."""

    def __init__(self, log: Path, start: int, look: Callable[[str], None]) -> None:
        self._log = log
        self._start = start
        self._look = look
        self._over = Event()
        self._thread = Thread(target=self._work, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._over.wait(PAUSE):
            self._look(said(self._log, self._start))
        self._look(said(self._log, self._start))


def said(log: Path, start: int) -> str:
    with open(log, "rb") as file:
        file.seek(start, os.SEEK_SET)
        return file.read().decode("utf-8", "replace")
