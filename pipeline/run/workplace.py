"""The seam between a run and the machines that its stages run on: this one, or the nodes of a cluster."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from pipeline.executors import Execution
from pipeline.host.resources import Grant, Ledger
from pipeline.policy import ResourceRequest
from pipeline.run.task import LiveAttempt, Task

if TYPE_CHECKING:
    from pipeline.run.context import RunContext
    from pipeline.run.job_run import JobRun

LEASE_SECONDS = 0.5  # between two looks for a GPU that another run holds: nobody tells when it is free


class StageQueue(Protocol):
    """Stages that are ready, until there is room for each: those of the first job first, of one job the one with the
    longest way to go, as far as resources allow."""

    def impossible(self, task: Task, beside: Sequence[ResourceRequest]) -> str | None:
        """Why a task, with the services ``beside`` it, can never start here, as the end of a sentence that begins with
        the stage; ``None`` where it can."""
        ...

    def push(self, task: Task, place: int) -> None:
        """``place``: that of its job in the run."""
        ...

    def pop(self) -> tuple[Task, Grant] | None:
        """What is to be started now, with what it gets; ``None`` where nothing is, or nothing fits."""
        ...

    def first(self) -> Task | None:
        """What will be started first, once there is room."""
        ...

    def drop(self, is_unwanted: Callable[[Task], bool]) -> list[Task]:
        """Take out what won't run any more."""
        ...

    def give_back(self, grant: Grant) -> None:
        """A task that was given out has ended, or isn't started."""
        ...

    @property
    def patience(self) -> float | None:
        """Seconds until something may fit although nothing of ours has ended; ``None`` where that can't be."""
        ...


class Workplace(Protocol):
    @property
    def queue(self) -> StageQueue: ...

    @property
    def execution(self) -> Execution: ...

    @property
    def ledger(self) -> Ledger:
        """Of this machine, which services run on."""
        ...

    def admit(self, job: "JobRun") -> None:
        """A job's stages will come. Raises ``NotReady`` where they can't run here."""
        ...

    def settled(self, live: LiveAttempt) -> None:
        """What an attempt has left is committed, or was refused: nothing else is needed of it."""
        ...

    def submit(self, job: "JobRun", live: LiveAttempt) -> None:
        """Start an attempt; its end comes by ``execution``. Raises ``OSError`` where it can't be started."""
        ...


Elsewhere = Callable[["RunContext", Ledger], AbstractContextManager[Workplace]]
