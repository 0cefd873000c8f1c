"""This machine's processes: a fresh one per stage, or a worker, which stays for later ones.

A fresh interpreter may be started ahead of its turn: it has loaded only our runner and is used once, so that every
stage starts clean while its start-up happens beside the stage before it. Where no worker can be had, the invocation
gets a fresh process, and a warning says why.
"""

import os
import select
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Union

from pipeline import process_tree
from pipeline.executors.base import Event, Invocation, Message, ProcessExit, WorkerLimits
from pipeline.executors.cold import ColdRun, FreshProcess
from pipeline.executors.reports import StageReport
from pipeline.executors.spare_interpreters import SpareInterpreters
from pipeline.process import Interpreter
from pipeline.process_tree import LONGEST_WAIT
from pipeline.values import replace

if TYPE_CHECKING:
    from pipeline.executors.worker_pool import WorkerPool
    from pipeline.executors.worker_run import WorkerRun

StageRun = Union[ColdRun, "WorkerRun"]

IDLE_LEASE = 1.0  # seconds that a worker is held for this run's next stage before others may have it
NOT_STARTED = 127  # as a shell says it


class LocalExecutor:
    def __init__(self, logs: Path, limits: WorkerLimits | None = None, runtime: Path | None = None) -> None:
        self._startup_log = logs / "interpreters.log"
        self._limits = limits or WorkerLimits()
        self._runtime = runtime  # where servers are found; default: this user's runtime folder
        self._spares = SpareInterpreters(self._startup_log)
        self._running: dict[str, StageRun] = {}
        self._deadlines: dict[str, float] = {}  # of those that got a request to end
        self._workers: WorkerPool | None = None
        self._unfit: dict[str, str] = {}  # kinds of workers that can't be had, and why
        self._events: list[Event] = []

    def prepare(self, interpreter: Interpreter) -> None:
        self._spares.add(interpreter)

    def submit(self, invocation: Invocation) -> None:
        if invocation.start == "cold" or not self._start_in_worker(invocation, fresh=False):
            self._start_cold(invocation)

    def wait(self, wake: int, timeout: float | None = None) -> Sequence[Event]:
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            ready = self._poll(wake, end)
            self._kill_overdue()
            for id, run in [each for each in self._running.items() if _has_news(each[1], ready)]:
                self._take_events(id, run, ready)
            if self._events or wake in ready or (end is not None and time.monotonic() >= end):
                events, self._events = self._events, []
                return events

    def cancel(self, id: str, grace: float) -> None:
        run = self._running.get(id)
        if run is None:
            return
        if grace > 0:
            run.ask()
        deadline = time.monotonic() + grace
        self._deadlines[id] = min(deadline, self._deadlines.get(id, deadline))

    def stop(self, grace: float) -> None:
        # A run is forgotten only when it is gone: where this is called again while it waits, all must still be known.
        in_workers = [run for run in self._running.values() if not isinstance(run, ColdRun)]
        deadline = time.monotonic() + grace
        if grace > 0:
            for run in in_workers:
                run.ask()
        process_tree.stop([run.child for run in self._running.values() if isinstance(run, ColdRun)], grace)
        for run in in_workers:
            run.finish(deadline)
        while self._running:
            self._running.popitem()[1].close()
        self._deadlines.clear()

    def close(self) -> None:
        self._spares.close()
        if self._workers is not None:
            self._workers.close()

    def _start_cold(self, invocation: Invocation) -> None:
        fresh = None if invocation.variables else self._spares.take(invocation.interpreter)
        fresh = fresh or FreshProcess(invocation.interpreter, invocation.variables, self._startup_log)
        self._running[invocation.id] = fresh.order(invocation)

    def _start_in_worker(self, invocation: Invocation, fresh: bool) -> bool:
        """Whether it was started; otherwise a warning was noted, and a fresh process has to do."""
        reason = _why_impossible()
        if reason:
            self._warn_once(invocation, "", reason)
            return False
        from pipeline.executors.runtime_folder import Unavailable

        workers = self._open_workers()
        kind = workers.kind_of(invocation)
        if kind.name in self._unfit:
            return False
        try:
            self._running[invocation.id] = workers.start(kind, invocation, fresh)
        except (Unavailable, OSError) as error:
            self._warn_once(invocation, kind.name, str(error))
            return False
        return True

    def _open_workers(self) -> "WorkerPool":
        if self._workers is None:
            from pipeline.executors import runtime_folder
            from pipeline.executors.worker_pool import WorkerPool

            self._workers = WorkerPool(self._runtime or runtime_folder.locate(os.environ), self._limits)
        return self._workers

    def _warn_once(self, invocation: Invocation, kind: str, reason: str) -> None:
        """One warning for each kind of workers."""
        if kind not in self._unfit:
            text = f"it runs in a fresh process, since 'worker' isn't possible: {reason}"
            self._events.append(Message(invocation.id, StageReport(warning=text)))
        self._unfit[kind] = reason

    def _poll(self, wake: int, end: float | None) -> set[int]:
        """What is readable, as soon as anything is or something has to be done."""
        poller = select.poll()
        poller.register(wake, select.POLLIN)
        for run in self._running.values():
            for descriptor in run.descriptors:
                poller.register(descriptor, select.POLLIN)
        rest = self._seconds_left(end)
        # Rounded up: a millisecond too early would only be waited for again, as what is longer than a system can wait.
        limit = None if rest is None else min(rest, LONGEST_WAIT) * 1000 + 1
        return {descriptor for descriptor, _ in poller.poll(limit)}

    def _seconds_left(self, end: float | None) -> float | None:
        if self._events or any(run.abandoned for run in self._running.values()):
            return 0.0
        times = [*self._deadlines.values(), *([] if end is None else [end])]
        if self._workers is not None and (due := self._workers.release(IDLE_LEASE)) is not None:
            times.append(due)
        return max(0.0, min(times) - time.monotonic()) if times else None

    def _overdue(self) -> list[str]:
        now = time.monotonic()
        return [id for id, deadline in self._deadlines.items() if deadline <= now]

    def _kill_overdue(self) -> None:
        for id in self._overdue():
            del self._deadlines[id]
            self._running[id].kill()

    def _take_events(self, id: str, run: StageRun, ready: set[int]) -> None:
        if isinstance(run, ColdRun):
            events = run.events(ready)
        else:
            from pipeline.executors.worker_run import NotBegun

            try:
                events = run.events(ready)
            except NotBegun as error:
                self._start_again(run, str(error))
                return
        self._events += events
        if events and isinstance(events[-1], ProcessExit):
            self._forget(id, run)

    def _forget(self, id: str, run: StageRun) -> None:
        del self._running[id]
        self._deadlines.pop(id, None)
        if not isinstance(run, ColdRun) and run.reusable and self._workers is not None:
            self._workers.give_back(run.lease)
        else:
            run.close()

    def _start_again(self, run: "WorkerRun", reason: str) -> None:
        """In a new worker, where that one was an old one; else in a fresh process."""
        invocation, lease = run.invocation, run.lease
        del self._running[invocation.id]
        lease.close()
        try:
            if not lease.fresh and self._start_in_worker(invocation, fresh=True):
                return
            self._warn_once(invocation, lease.kind.name, reason)
            self._start_cold(replace(invocation, start="cold"))
        except OSError as error:
            self._deadlines.pop(invocation.id, None)
            self._events.append(
                ProcessExit(invocation.id, NOT_STARTED, f"{reason}; no process could be started: {error}")
            )


def _has_news(run: StageRun, ready: set[int]) -> bool:
    return run.abandoned or not ready.isdisjoint(run.descriptors)


def _why_impossible() -> str | None:
    return None if hasattr(os, "fork") else "this system has no fork"
