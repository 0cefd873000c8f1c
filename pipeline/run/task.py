"""A stage that has to run, and an attempt at it that the executor has."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from pipeline.child_process import ResourceUse
from pipeline.executors import Invocation, StageException, StageReport, Trouble
from pipeline.host.resources import Grant
from pipeline.jobs.attempts import Attempt
from pipeline.jobs.plan import PlannedStage
from pipeline.policy import Start
from pipeline.run.due_stages import DueStage
from pipeline.run.failures.oom import OomKills
from pipeline.run.input_files import WatchedFile
from pipeline.run.timers import now
from pipeline.values import Struct, field


class ServiceAccess(Struct, frozen=True):
    """Where a service is at the moment: no part of any key."""

    urls: dict[str, str]  # by the ports' names
    token: str
    losses: int = 0  # how often it had been lost in this run until then


NO_SERVICES: Mapping[str, ServiceAccess] = MappingProxyType({})


class Task(Struct, eq=False):
    """A due stage of one job, with the attempts that this run has made at it."""

    job_id: str
    due: DueStage
    start: Start
    after: int  # the place in the journal that must be on the disk before it may start
    failed: int = 0  # attempts that count against the stage's own retries
    spared: int = 0  # attempts that were lost through no fault of its own
    was_missing: bool = False  # in the store, when its result was to be placed
    waits_for: str | None = None  # what was told of the run that makes its result, or of a service
    services: Mapping[str, ServiceAccess] = NO_SERVICES  # for its next attempt

    @property
    def stage(self) -> PlannedStage:
        return self.due.stage

    @property
    def name(self) -> str:
        return self.due.stage.name

    @property
    def because(self) -> str:
        """Why it runs although there was a result, or an attempt, before."""
        if self.failed or self.spared:
            return f"again, attempt {self.failed + self.spared + 1} in this run"
        return self.due.because


class LiveAttempt(Struct, eq=False):
    """An attempt that the executor has, and what it has reported so far."""

    task: Task
    attempt: Attempt
    invocation: Invocation
    grant: Grant
    log_start: int  # bytes that earlier attempts wrote into the stage's log
    oom_before: OomKills
    inputs: Sequence[WatchedFile] = ()
    started: float = field(default_factory=now)
    warnings: list[str] = field(default_factory=list)
    about: dict[str, Any] = field(default_factory=dict)
    error: str | None = None
    instead: dict[str, str] = field(default_factory=dict)  # values of parameters with which it would do its work
    raised: StageException | None = None  # the exception that ended it
    paths_here: Mapping[str, str] = field(default_factory=dict)  # of files, by those of the node that it ran on
    wrong_environment: bool = False
    used: ResourceUse | None = None  # once it has ended
    began: float | None = None  # once it has ended: when the stage's function was called, where that was told
    ended: float | None = None  # its process is gone; what it has left may be read and put on the disk since
    read_ns: int = 0  # when what it has left began to be read, in ns after 1970
    timed_out: bool = False
    killed_by_us: bool = False

    @property
    def job_id(self) -> str:
        return self.task.job_id

    @property
    def seconds(self) -> float:
        return (now() if self.ended is None else self.ended) - self.started

    @property
    def start_seconds(self) -> float | None:
        """From the handing over until the stage's function was called; ``None`` where that isn't known."""
        if self.began is None or not self.started <= self.began <= now():  # a stage can write anything there
            return None
        return round(self.began - self.started, 4)

    def note(self, report: StageReport) -> None:
        """Remember what the stage has reported."""
        if report.warning is not None:
            self.warnings.append(report.warning)
        self.about.update(report.about)
        self.error = report.error if report.error is not None else self.error
        self.instead.update(report.instead)
        self.raised = report.raised or self.raised
        self.wrong_environment = self.wrong_environment or report.wrong_environment


class AttemptEnd(Struct, frozen=True):
    """How an attempt ended that has no result."""

    returncode: int | None = None  # None where no process ran to an end; negative where a signal ended it
    lost: str | None = None  # why the process that ran it is gone, through no fault of the stage
    start_error: OSError | None = None  # why no process could be started
    missing: str | None = None  # the text of ``OutputsMissing``
    unmet: tuple[str, ...] = ()  # post-conditions that don't hold, in words
    changed: tuple[str, ...] = ()  # inputs that aren't what they were when it began, in words
    trouble: Trouble | None = None  # of the node that ran it
