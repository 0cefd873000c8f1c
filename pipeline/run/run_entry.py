"""A job that joins a run which has begun: locked, its environments looked up, and told."""

from contextlib import ExitStack
from pathlib import Path

from pipeline.errors import PipelineError
from pipeline.jobs.job import PlannedJob, load
from pipeline.run import job_locks, runtime
from pipeline.run.context import RunContext
from pipeline.run.job_run import JobRun
from pipeline.run.observer import JobOutcome


class RunEntry:
    def __init__(self, context: RunContext, locks: ExitStack) -> None:
        self._context = context
        self._locks = locks

    def admit(self, folder: Path) -> JobRun:
        """Raises ``PipelineError`` or ``OSError`` where the job can't be run now, which is told."""
        job = load(folder)
        try:
            joined = self._joined(job)
        except (PipelineError, OSError) as error:
            self._context.observer.job_joined(job, None)
            self._context.observer.job_ended(job, JobOutcome(error=error))
            raise
        self._context.observer.job_joined(joined.job, joined.invocations.runtime)
        return joined

    def _joined(self, job: PlannedJob) -> JobRun:
        job_locks.hold(self._locks, [job.folder])
        job = load(job.folder)  # as it is now that nobody else changes it
        self._context.secrets.require([job])
        found = self._context.resolve(job)
        runtime.note_use(self._context.project, [found])
        return JobRun(self._context, job, found)
