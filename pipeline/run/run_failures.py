"""What becomes of failed attempts in a run. All that looks into them is imported for the first one."""

from functools import partial
from typing import TYPE_CHECKING

from pipeline.run.backlog import Backlog
from pipeline.run.run_jobs import RunJobs
from pipeline.run.task import LiveAttempt, Task

if TYPE_CHECKING:
    from pipeline.run.background_thread import Act
    from pipeline.run.failed_attempts import FailedAttempts
    from pipeline.run.failures.message import Failure
    from pipeline.run.run_services import RunServices
    from pipeline.run.service_failures import ServiceRefusal


class RunFailures:
    def __init__(
        self,
        wake: "Act",
        backlog: Backlog,
        keep_going: bool,
        jobs: RunJobs,
    ) -> None:
        self.services: RunServices | None = None  # where there are any that may be to blame
        self._wake = wake
        self._backlog = backlog
        self._keep_going = keep_going
        self._jobs = jobs
        self._attempts: FailedAttempts | None = None

    def failed(self, live: LiveAttempt, failure: "Failure") -> None:
        """Let it be seen whether a service that it used was lost, and then whether its environment is damaged."""
        if self.services and live.task.services:
            self.services.judge(live, failure, self._look_into)
        else:
            self._look_into(live, failure)

    def refused(self, task: Task, refusal: "ServiceRefusal") -> None:
        """A task whose service can't be started."""
        if job := self._jobs.live_job(task.job_id):
            self._found().refuse(job, task, refusal, partial(self._service_checked, task, refusal))

    def handle(self) -> None:
        """Do what the checks have left to the loop. Raises what a check raised."""
        if self._attempts:
            self._attempts.handle()

    def close(self) -> None:
        """Give up what is being checked."""
        if self._attempts:
            self._attempts.close()

    def _look_into(self, live: LiveAttempt, failure: "Failure") -> None:
        if job := self._jobs.live_job(live.job_id):
            with self._jobs.guarded(job):
                self._found().add(job, live, failure, partial(self._checked, live))

    def _checked(self, live: LiveAttempt, failure: "Failure") -> None:
        """A failure whose environment was checked, beside what ran."""
        if job := self._jobs.live_job(live.job_id):
            with self._jobs.guarded(job):
                self._found().settle(job, live, failure)

    def _service_checked(self, task: Task, refusal: "ServiceRefusal", suspicion: "Failure") -> None:
        """A service whose environment was checked, beside what ran, for a task that needs it."""
        if job := self._jobs.live_job(task.job_id):
            with self._jobs.guarded(job):
                self._found().settle_refusal(job, task, refusal, suspicion)

    def _found(self) -> "FailedAttempts":
        from pipeline.run.failed_attempts import FailedAttempts

        if self._attempts is None:
            self._attempts = FailedAttempts(self._wake, self._backlog, self._keep_going)
        return self._attempts
