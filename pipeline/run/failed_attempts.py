"""Attempts that failed: the environment is checked where it may be to blame; then the stage runs again, or no more."""

from pipeline.run.backlog import Backlog
from pipeline.run.beside_loop import Act
from pipeline.run.environment_checks import Diagnosed, EnvironmentChecks
from pipeline.run.failures import retry
from pipeline.run.failures.evidence import ServiceTrouble
from pipeline.run.failures.message import Failure
from pipeline.run.job_run import JobRun
from pipeline.run.task import LiveAttempt, Task


class FailedAttempts:
    """``checked`` gets each failure whose environment was checked, in the loop's thread, to be settled."""

    def __init__(self, wake: Act, checked: Diagnosed, backlog: Backlog, keep_going: bool) -> None:
        self._checks = EnvironmentChecks(wake, checked)
        self._backlog = backlog
        self._keep_going = keep_going

    def add(self, job: JobRun, live: LiveAttempt, failure: Failure) -> None:
        """Let the environment be checked, beside what runs, where something points to it; else settle it now."""
        if not self._checks.begin(live, failure, job.diagnose, job.progress):
            self.settle(job, live, failure)

    def settle(self, job: JobRun, live: LiveAttempt, failure: Failure) -> None:
        """The stage waits for its next attempt; where there is none, new stages start only if the run keeps going."""
        if failure.is_mended:
            job.repaired()
        again = None if self._backlog.is_closed else retry.seconds_until_again(live.task, failure.kind)
        job.failed(live, failure, again)
        if again is not None:
            self._backlog.rest(live.task, again)
        elif not self._keep_going:
            self._backlog.close()

    def unserved(self, job: JobRun, task: Task, trouble: ServiceTrouble) -> None:
        """A stage can't be started, since a service that it needs isn't there."""
        job.unserved(task, trouble)
        if not self._keep_going:
            self._backlog.close()

    def handle(self) -> None:
        """Do what the checks have left to the loop. Raises what a check raised."""
        self._checks.handle()

    def close(self) -> None:
        """Give up what is being checked."""
        self._checks.close()
