"""Threads for attempts, which are used again: to start one takes longer than much of what is done for a short stage."""

import threading
from collections.abc import Callable
from queue import SimpleQueue

IDLE = 64  # threads that wait for work

Work = Callable[[], None]


class AttemptThreads:
    """As many as there are attempts. They end with the process."""

    def __init__(self) -> None:
        self._changed = threading.Condition()  # over the two below
        self._idle: list[SimpleQueue[Work]] = []
        self._busy = 0

    def run(self, work: Work) -> None:
        """In a thread. It must raise nothing. Raises ``RuntimeError`` where no thread can be started."""
        with self._changed:
            inbox = self._idle.pop() if self._idle else self._started()
            self._busy += 1
        inbox.put(work)

    def join(self, seconds: float) -> bool:
        """Wait for the ends of all work, at most so long; returns whether all has ended."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._busy, seconds)

    def _started(self) -> "SimpleQueue[Work]":
        inbox: SimpleQueue[Work] = SimpleQueue()
        threading.Thread(target=self._loop, args=(inbox,), daemon=True, name="attempts").start()
        return inbox

    def _loop(self, inbox: "SimpleQueue[Work]") -> None:
        is_wanted = True
        while is_wanted:
            work = inbox.get()
            try:
                work()
            finally:
                del work  # and what it holds
                with self._changed:
                    self._busy -= 1
                    is_wanted = len(self._idle) < IDLE
                    if is_wanted:
                        self._idle.append(inbox)
                    self._changed.notify_all()
