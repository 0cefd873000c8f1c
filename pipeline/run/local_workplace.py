"""This machine as the place where a run's stages run."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.executors import Executor
from pipeline.host.resources import Grant, Ledger, together
from pipeline.policy import ResourceRequest
from pipeline.run import machine_ledger
from pipeline.run.ready_queue import ReadyQueue
from pipeline.run.task import LiveAttempt, Task
from pipeline.run.workplace import LEASE_SECONDS

if TYPE_CHECKING:
    from pipeline.run.job_run import JobRun


class LocalQueue:
    """As ``StageQueue``."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._ready: ReadyQueue[Task, ResourceRequest] = ReadyQueue(_competes)
        self.first = self._ready.first
        self.drop = self._ready.drop
        self.give_back = ledger.give_back

    def impossible(self, task: Task, beside: Sequence[ResourceRequest]) -> str | None:
        return self._ledger.impossible(together(task.stage.resources, beside))

    def push(self, task: Task, place: int) -> None:
        self._ready.push(task, task.stage.resources, place, task.due.remaining)

    def pop(self) -> tuple[Task, Grant] | None:
        return self._ready.pop(self._ledger.take)

    @property
    def patience(self) -> float | None:
        return LEASE_SECONDS if any(request.gpus for request in self._ready.requests) else None


class LocalWorkplace:
    """As ``Workplace``."""

    def __init__(self, executor: Executor, ledger: Ledger) -> None:
        self.execution: Executor = executor
        self.ledger = ledger
        self.queue = LocalQueue(ledger)

    def admit(self, job: "JobRun") -> None:
        machine_ledger.extend(self.ledger, job.job)

    def settled(self, live: LiveAttempt) -> None:
        """Nothing is kept of it."""

    def submit(self, job: "JobRun", live: LiveAttempt) -> None:  # noqa: ARG002  # as ``Workplace``
        self.execution.submit(live.invocation)


def _competes(waiting: ResourceRequest, other: ResourceRequest) -> bool:
    """Whether one may keep another waiting. A GPU is waited for in other runs, too, which nothing here can hasten."""
    return not waiting.gpus and bool(other.cpus or other.memory)
