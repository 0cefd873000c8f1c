"""Work beside the loop, in one other thread: what it has to say is said in the loop's own."""

import contextlib
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Lock, Thread

from pipeline import process

STOP_SECONDS = 2  # for cleaning up after a run that ended; what is left then is removed by the next build

Act = Callable[[], None]
Check = Callable[[Callable[[Act], None]], Act]  # gets a way to let the loop do something; returns what it does at last


class BackgroundThread:
    """Work in one other thread. ``wake`` ends the loop's wait, and is called from there; all else is the loop's own."""

    def __init__(self, wake: Act) -> None:
        self._wake = wake
        self._wanted: SimpleQueue[Check | None] = SimpleQueue()
        self._due: SimpleQueue[Act] = SimpleQueue()
        self._thread: Thread | None = None
        self._is_closed = False
        self._waking = Lock()

    def start(self, check: Check) -> None:
        if self._thread is None:
            # A daemon, since one that waits for a lock of another process can't be told to stop.
            self._thread = Thread(target=self._work, daemon=True)
            self._thread.start()
        self._wanted.put(check)

    def handle(self) -> None:
        """Do what the work has left to the loop. Raises what it raised."""
        with contextlib.suppress(Empty):
            while True:
                self._due.get_nowait()()

    def handle_next(self) -> None:
        """Wait until there is something to do for the loop, and do it. Only while something is being done."""
        self._due.get()()

    def close(self) -> None:
        """Give up what is being done; the processes that it has started are ended."""
        with self._waking:
            self._is_closed = True
        self._wanted.put(None)
        until = time.monotonic() + STOP_SECONDS
        while self._thread is not None and self._thread.is_alive() and time.monotonic() < until:
            process.end_awaited(self._thread.ident)  # again and again: after one there may be another
            self._thread.join(0.05)

    def _work(self) -> None:
        while (check := self._wanted.get()) is not None and not self._is_closed:
            try:
                act = check(self._put)
            except Exception as error:  # whatever it is, the loop is where it is handled
                act = _raising(error)
            self._put(act)

    def _put(self, act: Act) -> None:
        self._due.put(act)
        with self._waking:  # the descriptor behind it is closed when the run has ended
            if not self._is_closed:
                self._wake()


def _raising(error: Exception) -> Act:
    def act() -> None:
        raise error

    return act
