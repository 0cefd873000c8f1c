"""An invocation at work in a worker."""

import select
import time

from pipeline import process_tree
from pipeline.executors.base import Event, Invocation, Message, ProcessExit
from pipeline.executors.reports import decode_report
from pipeline.executors.worker_lease import WorkerLease
from pipeline.process_tree import LONGEST_WAIT
from pipeline.sdk.server_protocol import Answer

LAST_WORDS = 5.0  # seconds for a killed server's tree to be gone


class NotBegun(Exception):
    """The worker ended before it answered, so the invocation has to be started another way; the message says so."""


class WorkerRun:
    def __init__(self, invocation: Invocation, lease: WorkerLease) -> None:
        self.invocation = invocation
        self.lease = lease
        self.reusable = False  # whether the lease can take another order
        self._exited: ProcessExit | None = None
        self._began: float | None = None
        self._cancelled = False
        self.abandoned = False  # killed before its keeper answered, so that no exit code will come

    @property
    def descriptors(self) -> list[int]:
        return self.lease.descriptors

    def events(self, ready: set[int]) -> list[Event]:
        """Raises ``NotBegun`` where it has to be started another way."""
        if self.abandoned:
            return [ProcessExit(self.invocation.id, -9)]
        ended = self.lease.ended in ready  # before a line opens a descriptor, which may get a number that was ready
        events = [event for line in self.lease.channel.lines() if (event := self._event(line))]
        if self._exited is None and (self.lease.channel.at_end or ended):
            events.append(self._end_without_a_word())
        return events

    def ask(self) -> None:
        import signal

        self._cancelled = True
        if self.lease.owner is not None:
            process_tree.signal_tree(self.lease.owner, signal.SIGTERM, itself=False)

    def kill(self) -> None:
        self._cancelled = True
        self.lease.give_up()
        self.abandoned = self.lease.owner is None

    def finish(self, deadline: float) -> None:
        """Wait for its end until the deadline (``time.monotonic``), then kill it and wait for that."""
        if not self._ends_before(deadline):
            self.kill()
            self._ends_before(time.monotonic() + LAST_WORDS)

    def close(self) -> None:
        self.lease.close()

    def _ends_before(self, deadline: float) -> bool:
        while True:
            poller = select.poll()
            for descriptor in self.descriptors:
                poller.register(descriptor, select.POLLIN)
            rest = min(max(0.0, deadline - time.monotonic()), LONGEST_WAIT)
            ready = {descriptor for descriptor, _ in poller.poll(rest * 1000 + 1)}
            try:
                if any(isinstance(event, ProcessExit) for event in self.events(ready)):
                    return True
            except NotBegun:
                return True
            if not ready and time.monotonic() >= deadline:
                return False

    def _event(self, line: bytes) -> Event | None:
        if self._exited is not None:
            return None  # a worker that leaves after its last task sends one more answer
        if (answer := Answer.decode(line)) is not None:
            return self._answered(answer)
        report = decode_report(line)
        if report and report.began is not None:
            self._began = report.began
            return None
        return Message(self.invocation.id, report) if report else None

    def _answered(self, answer: Answer) -> Event | None:
        if answer.word == Answer.OWNER:
            self.lease.owned_by(answer.number)
            if self._cancelled:  # before there was anybody to ask
                self.ask()
            return None
        lost = answer.reason if answer.word == Answer.LOST and not self._cancelled else None
        self.reusable = answer.word == Answer.EXIT and not answer.reason
        self._exited = ProcessExit(self.invocation.id, answer.number, lost, began=self._began)
        return self._exited

    def _end_without_a_word(self) -> ProcessExit:
        if self.lease.owner is None and not self._cancelled:
            raise NotBegun("its process ended before it answered")
        lost = None if self._cancelled else "the process that answered for it was killed"
        self._exited = ProcessExit(self.invocation.id, -9, lost)
        return self._exited
