"""Who is told what happens, as it happens."""

from pathlib import Path
from typing import Protocol

from pipeline.executors import StageReport
from pipeline.jobs.job import PlannedJob
from pipeline.run.runtime import Runtime
from pipeline.values import Struct, field


class JobOutcome(Struct, frozen=True):
    """What became of a job in a run."""

    delivered: list[Path] = field(default_factory=list)
    unchanged: bool = False  # it was finished already, and nothing had to be run or delivered
    partial: bool = False  # the run was asked for a part of it
    error: Exception | None = None


class StageStart(Struct, frozen=True):
    """An attempt begins."""

    environment: str
    because: str = ""  # why it runs although there was a result, or an attempt, before
    node: str = ""  # of a cluster that runs it; empty where that is this machine

    @property
    def where(self) -> str:
        """The end of a sentence that begins with: runs."""
        return f"in environment {self.environment}{f' on node {self.node}' if self.node else ''}"


class Observer(Protocol):
    def stage_reused(self, job: PlannedJob, stage: str, seconds: float, origin: str) -> None:
        """``origin``: another job's id where the result is from the store, else empty."""

    def stage_waits(self, job: PlannedJob, stage: str, because: str) -> None:
        """Another run makes its result; ``because`` says which one, and what a person can do about it."""

    def stage_started(self, job: PlannedJob, stage: str, start: StageStart) -> None: ...
    def stage_reported(self, job: PlannedJob, stage: str, report: StageReport) -> None: ...
    def stage_finished(self, job: PlannedJob, stage: str, seconds: float) -> None: ...
    def stage_failed(self, job: PlannedJob, stage: str, reason: str, again: float | None) -> None:
        """``again``: seconds until the next attempt, or ``None`` where there is none."""

    def stage_skipped(self, job: PlannedJob, stage: str, because: str) -> None:
        """``because``: the stage that failed."""

    def progress(self, text: str) -> None:
        """Something else that takes a while, such as the repair of an environment."""

    def inputs_left(self, count: int) -> None:
        """How many inputs there are whose jobs aren't prepared yet, and may join the run."""

    def job_joined(self, job: PlannedJob, runtime: Runtime | None) -> None:
        """A job that was prepared after the run had begun; ``runtime`` is ``None`` where it can't be run."""

    def job_ended(self, job: PlannedJob, outcome: JobOutcome) -> None: ...
