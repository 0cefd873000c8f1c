"""Whose call it is: a worker has one at a time."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.calls.errors import CallTimedOut
from pipeline.errors import UsageError


class CallLock:
    """The right to use a session's worker, which one thread has."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owner: int | None = None  # the thread that has it

    @contextmanager
    def taken(self, timeout: float | None = None) -> Iterator[float | None]:
        """``take`` and ``end``."""
        deadline = self.take(timeout)
        try:
            yield deadline
        finally:
            self.end()

    def take(self, timeout: float | None) -> float | None:
        """Wait for it, ``timeout`` seconds at most. When the time is over (``time.monotonic``), where there is a limit.

        Raises ``CallTimedOut``, and ``UsageError`` in the thread that has it.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        if not self._lock.acquire(False):  # a limit makes it slower, also where nobody has the lock
            self._wait(-1 if timeout is None else max(0.0, timeout))
        self._owner = threading.get_ident()
        return deadline

    def _wait(self, seconds: float) -> None:
        if self._owner == threading.get_ident():
            raise UsageError("a call is at work in this thread: its progress can't call the same worker", None)
        if not self._lock.acquire(timeout=seconds):
            raise CallTimedOut("another call to the same worker took all the time", is_state_lost=False)

    def end(self) -> None:
        self._owner = None
        self._lock.release()
