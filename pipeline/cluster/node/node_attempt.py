"""One attempt on a node, from its order to its outcome; what there is to tell of it at any moment."""

import contextlib
import threading
import time
from pathlib import Path

from pipeline.cluster.wire.attempt_order import AttemptOrder
from pipeline.cluster.wire.attempt_outcome import AttemptOutcome, AttemptState, Phase, Problem
from pipeline.executors.base import Event, Exited, Message
from pipeline.executors.reports import StageReport

LOG_BYTES = 1 << 20  # of a log, in one answer


class NodeAttempt:
    """Threads share it: the one that carries it out, the executor's, and those that answer questions."""

    def __init__(self, order: AttemptOrder, log: Path) -> None:
        self.order = order
        self.log = log
        self.stopped: Problem = ""  # why it is to end
        self._changed = threading.Condition()
        self._phase: Phase = "preparing"
        self._reports: list[StageReport] = []
        self._progress = ""
        self._exit: Exited | None = None
        self._outcome: AttemptOutcome | None = None

    def take(self, event: Event) -> None:
        """An event of its process."""
        with self._changed:
            if isinstance(event, Message):
                self._reports.append(event.report)
            else:
                self._exit = event
            self._changed.notify_all()

    def show(self, progress: str) -> None:
        """What is made ready for it."""
        with self._changed:
            self._progress = progress
            self._changed.notify_all()

    def begin(self) -> None:
        """Its process is started now."""
        with self._changed:
            self._phase, self._progress = "running", ""
            self._changed.notify_all()

    def end(self, outcome: AttemptOutcome) -> None:
        with self._changed:
            self._phase, self._outcome = "ended", outcome
            self._changed.notify_all()

    def wait_for_exit(self, seconds: float | None) -> Exited | None:
        """``None`` where it hasn't ended in this time."""
        with self._changed:
            self._changed.wait_for(lambda: self._exit is not None, seconds)
            return self._exit

    @property
    def is_ended(self) -> bool:
        return self._outcome is not None

    def state(self, reports: int, log: int, seconds: float) -> AttemptState:
        """What there is beyond so many reports and bytes of the log; waits for that, so many seconds at most."""
        until = time.monotonic() + seconds
        while True:
            with self._changed:
                text = _read(self.log, log)
                is_news = len(self._reports) > reports or text or self._outcome
                left = until - time.monotonic()
                if not is_news and left > 0:
                    self._changed.wait(min(left, 0.2))  # nobody tells of a log that grows
                    continue
                return AttemptState(
                    phase=self._phase,
                    reports=tuple(self._reports[reports:]),
                    log=text,
                    progress=self._progress,
                    outcome=self._outcome if len(text) < LOG_BYTES else None,  # after the whole log
                )


def _read(log: Path, start: int) -> bytes:
    with contextlib.suppress(OSError), open(log, "rb") as file:
        file.seek(start)
        return file.read(LOG_BYTES)
    return b""
