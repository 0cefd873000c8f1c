"""How long a run's attempts and jobs may take."""

from collections.abc import Callable
from functools import partial

from pipeline.run.job_run import JobRun
from pipeline.run.run_bounds import Bounds
from pipeline.run.task import LiveAttempt
from pipeline.run.timers import Timers


class TimeLimits:
    """``end_attempt`` and ``end_job`` get what has taken too long, unless it has ended before."""

    def __init__(
        self,
        timers: Timers,
        bounds: Bounds,
        end_attempt: Callable[[LiveAttempt], None],
        end_job: Callable[[JobRun, float], None],
    ) -> None:
        self._timers = timers
        self._bounds = bounds
        self._end_attempt = end_attempt
        self._end_job = end_job
        self._jobs: set[str] = set()

    def of_attempt(self, live: LiveAttempt) -> None:
        """It begins now."""
        if (seconds := live.task.stage.timeout_seconds) is not None:
            self._timers.add(seconds, partial(self._end_attempt, live))

    def of_job(self, job: JobRun) -> None:
        """It begins now, unless it has begun before."""
        whole = self._bounds.timeout_seconds or job.job.plan.timeout_seconds
        if whole is not None and job.job.id not in self._jobs:
            self._timers.add(whole, partial(self._end_job, job, whole))
        self._jobs.add(job.job.id)
