"""The jobs of a run, and what has become of those that have ended."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipeline.errors import PipelineError
from pipeline.run.deliveries import Deliveries, DeliveryEnd
from pipeline.run.job_run import JobRun
from pipeline.run.observer import JobOutcome

if TYPE_CHECKING:
    from pipeline.run.background_thread import Act


class RunJobs:
    """``drop`` is called for a job before it is given up: what waits for it and runs for it is to end. ``wake`` ends
    the loop's wait when something was delivered."""

    def __init__(self, jobs: Iterable[JobRun], drop: Callable[[JobRun], None], wake: "Act") -> None:
        self._jobs = {job.job.id: job for job in jobs}
        self._drop = drop
        self.deliveries = Deliveries(wake, self._delivered)
        self._outcomes: dict[str, JobOutcome] = {}

    def __getitem__(self, id: str) -> JobRun:
        return self._jobs[id]

    def add(self, job: JobRun) -> None:
        self._jobs[job.job.id] = job

    def refuse(self, id: str, error: Exception) -> None:
        """A job that can't join the run."""
        self._outcomes[id] = JobOutcome(error=error)

    @property
    def ids(self) -> list[str]:
        return list(self._jobs)

    @property
    def live(self) -> list[JobRun]:
        """Those that haven't ended."""
        return [job for id, job in self._jobs.items() if id not in self._outcomes]

    @property
    def grace_seconds(self) -> float:
        """The longest that one of them gives its stages."""
        return max(job.grace_seconds for job in self._jobs.values())

    @property
    def outcomes(self) -> Mapping[str, JobOutcome]:
        """In the order they were asked for, whichever ended first; last those that couldn't join."""
        return {id: self._outcomes[id] for id in dict.fromkeys([*self._jobs, *self._outcomes])}

    def live_job(self, id: str) -> JobRun | None:
        return None if id in self._outcomes else self._jobs[id]

    @contextmanager
    def guarded(self, job: JobRun) -> Iterator[None]:
        """What keeps one job from going on doesn't stop the others."""
        try:
            yield
        except (PipelineError, OSError) as error:
            self.give_up(job, error)

    def give_up(self, job: JobRun, error: PipelineError | OSError) -> None:
        self._drop(job)
        self._outcomes[job.job.id] = job.give_up(error)

    def cancel(self) -> None:
        """Those that somebody has given up."""
        for job in self.live:
            if job.job.is_cancelled:
                with self.guarded(job):
                    self._drop(job)
                    self._outcomes[job.job.id] = job.cancel()

    def settle(self) -> None:
        """Put on the disk what has waited long enough, and end the jobs that have nothing left."""
        for job in self.live:
            with self.guarded(job):
                if job.open == 0:
                    self._end(job, self.deliveries.end(job))
                elif job.flush_due == 0:
                    job.flush()

    def _delivered(self, job: JobRun, delivery: DeliveryEnd) -> None:
        if self.live_job(job.job.id):
            with self.guarded(job):
                if isinstance(delivery, Exception):
                    raise delivery
                self._end(job, job.delivered(delivery))

    def _end(self, job: JobRun, outcome: JobOutcome | None) -> None:
        if outcome:
            self._outcomes[job.job.id] = outcome

    def interrupt(self, by: str) -> list[str]:
        """The run was asked to stop, and its stages have ended. Returns the ids of those that were left."""
        ids = [job.job.id for job in self.live]
        for id in ids:
            self._jobs[id].interrupt(by)
        return ids

    def close(self) -> None:
        for job in self._jobs.values():
            job.close()
