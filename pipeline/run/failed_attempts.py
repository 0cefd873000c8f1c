"""Attempts that failed, and stages whose service did: the environment is checked where it may be to blame; then the
stage runs again, or no more."""

from pipeline.run.background_thread import Act
from pipeline.run.backlog import Backlog
from pipeline.run.environment_checks import Diagnosed, EnvironmentChecks
from pipeline.run.failures import retry
from pipeline.run.failures.message import Failure
from pipeline.run.job_run import JobRun
from pipeline.run.service_failures import ServiceRefusal, with_verdict
from pipeline.run.task import LiveAttempt, Task


class FailedAttempts:
    def __init__(self, wake: Act, backlog: Backlog, keep_going: bool) -> None:
        self._checks = EnvironmentChecks(wake)
        self._backlog = backlog
        self._keep_going = keep_going

    def add(self, job: JobRun, live: LiveAttempt, failure: Failure, checked: Diagnosed) -> None:
        """Let the environment be checked, beside what runs, where something points to it; else settle it now.

        ``checked`` gets the failure after that, in the loop's thread, to be settled.
        """
        if not self._checks.begin(failure, job.diagnose, job.progress, checked):
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

    def refuse(self, job: JobRun, task: Task, refusal: ServiceRefusal, checked: Diagnosed) -> None:
        """A stage can't be started, since a service that it needs isn't there. As ``add``, for the service's own
        environment."""
        suspicion = refusal.suspicion
        if not suspicion or not self._checks.begin(suspicion, job.diagnose, job.progress, checked):
            self._unserved(job, task, refusal)

    def settle_refusal(self, job: JobRun, task: Task, refusal: ServiceRefusal, suspicion: Failure) -> None:
        """The stage waits for its service, which begins again; where that wouldn't help, it isn't started."""
        if suspicion.is_mended and not self._backlog.is_closed:
            job.repaired()
            refusal.begin_again()
            self._backlog.add(task)
        else:
            self._unserved(job, task, with_verdict(refusal, suspicion))

    def _unserved(self, job: JobRun, task: Task, refusal: ServiceRefusal) -> None:
        job.unserved(task, refusal.trouble)
        if not self._keep_going:
            self._backlog.close()

    def handle(self) -> None:
        """Do what the checks have left to the loop. Raises what a check raised."""
        self._checks.handle()

    def close(self) -> None:
        """Give up what is being checked."""
        self._checks.close()
