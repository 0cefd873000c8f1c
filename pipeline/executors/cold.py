"""A fresh process for one invocation; it may have been started ahead."""

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path

from pipeline import child_process, process, process_tree
from pipeline.executors.base import Event, Invocation, Message, ProcessExit
from pipeline.executors.channel import Channel
from pipeline.executors.reports import StageReport
from pipeline.executors.runner import command
from pipeline.process import Interpreter


class FreshProcess:
    """One process of the runner: an order pipe into it, a report pipe out of it, and a tie. Used once."""

    began: float | None = None  # when the stage's function was called

    def __init__(self, interpreter: Interpreter, variables: Mapping[str, str], startup_log: Path) -> None:
        startup_log.parent.mkdir(exist_ok=True)
        with contextlib.ExitStack() as ours, contextlib.ExitStack() as theirs:
            log = os.open(startup_log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
            theirs.callback(os.close, log)
            orders, self._orders = os.pipe()
            theirs.callback(os.close, orders)
            ours.callback(os.close, self._orders)
            reading, reports = os.pipe()
            theirs.callback(os.close, reports)
            self._reports = Channel(reading)
            ours.callback(self._reports.close)
            tie = child_process.Tie()
            ours.callback(tie.close)
            every = {**interpreter.variables, **variables}
            self.child = process.spawn(command(interpreter.python), every, orders, reports, log, tie.inherited)
            tie.bind(self.child.pid)  # before the order: without one it does nothing, and leaves when we are gone
            self._exit = child_process.exit_descriptor(self.child)
            if self._exit is not None:
                ours.callback(os.close, self._exit)
            self._ours = ours.pop_all()

    def order(self, invocation: Invocation) -> "ColdRun":
        with contextlib.suppress(BrokenPipeError):  # it died while it waited; its end is an event like any other
            os.write(self._orders, invocation.order.encode())
        return ColdRun(invocation, self)

    @property
    def descriptors(self) -> list[int]:
        """What to wait for: reports as long as there can be any, and the end."""
        ends = [] if self._exit is None else [self._exit]
        return ends if self._reports.at_end and ends else [self._reports.descriptor, *ends]

    def messages(self, id: str) -> list[Event]:
        return [Message(id, report) for report in self._reports.reports() if not self._is_beginning(report)]

    def _is_beginning(self, report: StageReport) -> bool:
        self.began = report.began or self.began
        return report.began is not None

    def has_ended(self, ready: set[int]) -> bool:
        return self._exit in ready if self._exit is not None else self._reports.at_end

    def close(self) -> None:
        self._ours.close()


class ColdRun:
    """A fresh process at work on its invocation."""

    def __init__(self, invocation: Invocation, fresh: FreshProcess) -> None:
        self.invocation = invocation
        self.fresh = fresh
        self.child = fresh.child
        self.abandoned = False

    @property
    def descriptors(self) -> list[int]:
        return self.fresh.descriptors

    def events(self, ready: set[int]) -> list[Event]:
        id = self.invocation.id
        events = self.fresh.messages(id)
        if self.fresh.has_ended(ready):
            returncode = child_process.reap(self.child)
            events += [
                *self.fresh.messages(id),
                ProcessExit(id, returncode, used=self.child.used, began=self.fresh.began),
            ]
        return events

    def ask(self) -> None:
        import signal

        process_tree.signal_tree(self.child.pid, signal.SIGTERM)

    def kill(self) -> None:
        process_tree.kill_tree(self.child.pid)

    def close(self) -> None:
        self.fresh.close()
