"""The locks of a run's jobs: a job is run by one process at a time."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.jobs.job import JobFolder
from pipeline.locks import Held, exclusive


def hold(stack: ExitStack, folders: Sequence[Path]) -> None:
    """Hold the locks of all these jobs until the stack ends, or of none: nobody waits for another run's end. They are
    taken in one order, so that of two runs that meet, one goes on.

    Raises ``UsageError`` where another process has one.
    """
    with ExitStack() as taken:
        for job in map(JobFolder, sorted(folders)):
            try:
                taken.enter_context(exclusive(job.lock))
            except Held as other:
                raise UsageError(f"{job.id} is being run by {other.holder}", f"pipeline job show {job.id}") from other
            job.cancellation.unlink(missing_ok=True)  # of an earlier run
        stack.push(taken.pop_all())
