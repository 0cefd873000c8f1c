"""One thread that finds or makes an environment, for all attempts that wait for it.

An attempt that is to end waits no longer. When nobody waits any more, what the thread does is ended, too.
"""

import threading
import time
from collections.abc import Callable

from pipeline import process
from pipeline.cluster.node.node_attempt import AttemptStopped, NodeAttempt
from pipeline.envs.build import Build
from pipeline.errors import PipelineError
from pipeline.progress import Progress

ENDING_SECONDS = 0.05  # between two looks for a program that the thread may have started meanwhile

Make = Callable[[Progress], Build]


class _GivenUp(Exception):
    """Nobody waits for it any more."""


class EnvironmentPreparation:
    """For ``first`` and those who join it. Its thread begins at once, or when ``earlier`` has come to its end."""

    def __init__(self, make: Make, first: NodeAttempt, earlier: "EnvironmentPreparation | None" = None) -> None:
        """``make`` raises ``PipelineError``, ``OSError`` and ``ValueError``."""
        self._make = make
        self._earlier = earlier
        self._changed = threading.Condition()
        self._waiting = [first]
        self._words = ""
        self._build: Build | None = None
        self._problem: Exception | None = None
        self._is_over = self._is_given_up = False
        self._thread = threading.Thread(target=self._run, daemon=True, name="environment")
        self._thread.start()

    def join(self, attempt: NodeAttempt) -> bool:
        """Wait with others; ``False`` where it is over already."""
        with self._changed:
            if self._is_over or self._is_given_up:
                return False
            self._waiting.append(attempt)
            words = self._words
        if words:
            attempt.show(words)
        return True

    def wait(self, attempt: NodeAttempt) -> Build:
        """For the first, and each that has joined. Raises what ``make`` does, and ``AttemptStopped``."""
        try:
            with attempt.interrupting(self._ring), self._changed:
                self._changed.wait_for(lambda: self._is_over or attempt.stopped)
        finally:
            self._leave(attempt)
        if attempt.stopped:
            raise AttemptStopped
        if self._build is None:
            assert self._problem is not None
            raise self._problem
        return self._build

    def join_thread(self) -> None:
        """Wait for its end, whatever comes of it."""
        self._thread.join()

    def _ring(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _leave(self, attempt: NodeAttempt) -> None:
        with self._changed:
            self._waiting.remove(attempt)
            if self._waiting or self._is_over:
                return
            self._is_given_up = True
        threading.Thread(target=self._end, daemon=True, name="end of an environment").start()

    def _end(self) -> None:
        """Whatever program the thread waits for, until it has come to its end."""
        while self._thread.is_alive():
            process.end_awaited(self._thread.ident)
            time.sleep(ENDING_SECONDS)

    def _show(self, words: str) -> None:
        with self._changed:
            if self._is_given_up and threading.current_thread() is self._thread:
                raise _GivenUp
            self._words = words
            waiting = list(self._waiting)
        for each in waiting:
            each.show(words)

    def _run(self) -> None:
        if self._earlier is not None:
            self._earlier.join_thread()
            self._earlier = None
        build, problem = None, None
        try:
            self._show(self._words)
            build = self._make(self._show)
        except (_GivenUp, PipelineError, OSError, ValueError) as error:
            problem = error
        with self._changed:
            self._build, self._problem, self._is_over = build, problem, True
            self._changed.notify_all()
