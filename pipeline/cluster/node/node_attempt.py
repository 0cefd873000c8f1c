"""One attempt on a node, from its order to its outcome, and what is known of it at any moment."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from pipeline.cluster.node.attempt_files import log_of
from pipeline.cluster.node.report_log import ReportLog
from pipeline.cluster.wire.attempt_order import AttemptId
from pipeline.cluster.wire.attempt_outcome import AttemptOutcome, Problem
from pipeline.executors.base import Event, Message, ProcessExit
from pipeline.executors.reports import StageReport


class AttemptStopped(Exception):
    """The attempt is to end before its process has begun."""


class NodeAttempt:
    """Threads share it: the one that carries it out, the executor's, and those that answer questions."""

    def __init__(
        self,
        id: AttemptId,
        place: Path,
        likeness: str,
        on_news: Callable[[], None],
        reports: Sequence[StageReport] = (),
    ) -> None:
        """``likeness``: that of its order. ``reports``: of one that an earlier agent has carried out."""
        self.id = id  # another one, once a later attempt has taken it over
        self.place = place
        self.log = log_of(place)
        self.likeness = likeness
        self.stopped: Problem = ""  # why it is to end
        self.is_unwanted = False  # nobody wants to hear of its end
        self.has_begun = False
        self.preparing = ""  # what is made ready for it, in words
        self.outcome: AttemptOutcome | None = None
        self._on_news = on_news
        self._changed = threading.Condition()
        self._said = ReportLog(reports)
        self._exit: ProcessExit | None = None
        self._interrupts: list[Callable[[], None]] = []

    def take(self, event: Event) -> None:
        """An event of its process."""
        with self._changed:
            if isinstance(event, Message):
                self._said.add(event.report)
            else:
                self._exit = event
                self._changed.notify_all()
        if isinstance(event, Message):
            self._on_news()

    def show(self, words: str) -> None:
        """What is made ready for it."""
        self.preparing = words
        self._on_news()

    def begin(self) -> None:
        """Its process is started now."""
        self.has_begun = True
        self._on_news()

    def end(self, outcome: AttemptOutcome) -> None:
        self.outcome = outcome
        self._on_news()

    def stop(self, why: Problem) -> None:
        """Let it end, wherever it is."""
        with self._changed:
            self.stopped = self.stopped or why
            self._changed.notify_all()
            interrupts = list(self._interrupts)
        for interrupt in interrupts:
            interrupt()

    @contextlib.contextmanager
    def interrupting(self, interrupt: Callable[[], None]) -> Iterator[None]:
        """Meanwhile, this is called when it is to end; at once, where it is already."""
        with self._changed:
            self._interrupts.append(interrupt)
            is_stopped = bool(self.stopped)
        try:
            if is_stopped:
                interrupt()
            yield
        finally:
            with self._changed:
                self._interrupts.remove(interrupt)

    def require_wanted(self) -> None:
        """Raises ``AttemptStopped`` where it is to end."""
        if self.stopped:
            raise AttemptStopped

    def pause(self, seconds: float) -> None:
        """Raises ``AttemptStopped`` as soon as it is to end."""
        with self._changed:
            self._changed.wait_for(lambda: self.stopped, seconds)
        self.require_wanted()

    def wait_for_exit(self, seconds: float | None) -> ProcessExit | None:
        """``None`` where it hasn't ended in this time."""
        with self._changed:
            self._changed.wait_for(lambda: self._exit is not None, seconds)
            return self._exit

    def said_after(self, number: int) -> list[tuple[int, StageReport]]:
        with self._changed:
            return self._said.after(number)

    @property
    def last_said(self) -> int:
        return self._said.last

    @property
    def said(self) -> tuple[StageReport, ...]:
        with self._changed:
            return self._said.all()

    @property
    def is_ended(self) -> bool:
        return self.outcome is not None
