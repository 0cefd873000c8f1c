"""A stage that has to run, and one attempt at it in flight."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.executors import Invocation
from pipeline.host.resources import Grant, Request
from pipeline.jobs.attempts import Attempt
from pipeline.jobs.plan import PlannedStage
from pipeline.policy import Start
from pipeline.process import Interpreter
from pipeline.run.due import Due
from pipeline.run.failures.oom import OomKills
from pipeline.run.timers import now
from pipeline.values import Struct, field

if TYPE_CHECKING:
    from pipeline.run.job_run import JobRun


class Task(Struct, eq=False):
    """A due stage of one job, with what has become of it in this run."""

    job_run: "JobRun"
    due: Due
    request: Request
    start: Start
    after: int  # the place in the journal that must be on the disk before it may start
    failed: int = 0  # attempts that count against the stage's own retries
    spared: int = 0  # attempts that were lost through no fault of its own

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

    @property
    def interpreter(self) -> Interpreter:
        return self.job_run.runtime.interpreters[self.stage.environment]


class Running(Struct, eq=False):
    """An attempt that was handed to the executor, and what it has said so far."""

    task: Task
    attempt: Attempt
    invocation: Invocation
    grant: Grant
    log_start: int  # bytes that earlier attempts wrote into the stage's log
    oom_before: OomKills
    started: float = field(default_factory=now)
    warnings: list[str] = field(default_factory=list)
    about: dict[str, Any] = field(default_factory=dict)
    error: str | None = None
    raised: Mapping[str, Any] | None = None
    wrong_environment: bool = False
    timed_out: bool = False
    killed_by_us: bool = False

    @property
    def seconds(self) -> float:
        return now() - self.started

    def heard(self, fields: Mapping[str, Any]) -> None:
        if "warning" in fields:
            self.warnings.append(fields["warning"])
        self.about.update(fields.get("about", {}))
        self.error = fields.get("error", self.error)
        self.raised = fields if "raised" in fields else self.raised
        self.wrong_environment = self.wrong_environment or "wrong_environment" in fields
