"""One attempt on a node, from its order to its outcome, and what is known of it at any moment."""

import contextlib
import threading
import time
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
        self.began: float | None = None  # when its process was started, by this machine's ``time.monotonic``
        self.preparing = ""  # what is made ready for it, in words
        self.outcome: AttemptOutcome | None = None
        self._on_news = on_news
        self._changed = threading.Condition()
        self._said = ReportLog(reports)
        self._exit: ProcessExit | None = None
        self._interrupts: list[Callable[[], None]] = []
        self._predecessors: Sequence[NodeAttempt] = ()
        self._has_turn = True
        self._successors: set[NodeAttempt] = set()

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
        else:
            self._make_way()

    def show(self, words: str) -> None:
        """What is made ready for it."""
        self.preparing = words
        self._on_news()

    def begin(self) -> None:
        """Its process is started now. Nobody is woken for it: a brief stage ends before that would be of use."""
        self.began = time.monotonic()

    def end(self, outcome: AttemptOutcome) -> None:
        self.outcome = outcome
        self._make_way()
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

    def follow(self, predecessors: Sequence["NodeAttempt"]) -> None:
        """It is this one's turn when one of these is over; at once, where there are none."""
        self._predecessors, self._has_turn = predecessors, not predecessors

    def wait_for_turn(self, seconds: float) -> None:
        """At most so long. Raises ``AttemptStopped``."""
        predecessors, self._predecessors = self._predecessors, ()  # else each would keep all before it in memory
        for each in predecessors:
            each.precede(self)
        with self._changed:
            self._changed.wait_for(lambda: self._has_turn or self.stopped, seconds)
        for each in predecessors:
            each.let_go(self)
        self.require_wanted()

    def precede(self, successor: "NodeAttempt") -> None:
        """When this one is over, it is the other one's turn."""
        with self._changed:
            self._successors.add(successor)
        if self.is_over:
            self._make_way()

    def let_go(self, successor: "NodeAttempt") -> None:
        """It waits no longer."""
        with self._changed:
            self._successors.discard(successor)

    def take_turn(self) -> None:
        """One of its predecessors is over."""
        with self._changed:
            self._has_turn = True
            self._changed.notify_all()

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

    @property
    def is_over(self) -> bool:
        """Whether it takes nothing of the node's processors any more: its process has ended, or will never begin."""
        return self._exit is not None or self.is_ended

    def _make_way(self) -> None:
        with self._changed:
            successors, self._successors = self._successors, set()
        for each in successors:
            each.take_turn()
