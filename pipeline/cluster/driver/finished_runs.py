"""What nodes keep of jobs that are done: a node that was killed just before their end hears of it from a later run."""

import contextlib
from collections.abc import Collection, Iterator
from pathlib import Path

from pipeline.cluster.driver.run_name import FILE
from pipeline.cluster.node_client import NodeClient
from pipeline.errors import PipelineError
from pipeline.jobs.job import JobFolder
from pipeline.jobs.state import Status


class FinishedRuns:
    """Of one project. Threads may share it."""

    def __init__(self, jobs: Path) -> None:
        """``jobs``: the folder of its jobs."""
        self._jobs = jobs

    def forget_on(self, node: NodeClient) -> None:
        """A job that isn't done, or isn't here, may belong to a run that comes back. Raises as ``NodeClient`` does."""
        for run, job in self._jobs_of(node.runs()):
            known = node.attempts(run)  # before the journal is read: it is written before an attempt gets there
            if _is_done(job):
                node.forget([*known.running, *known.ended])

    def _jobs_of(self, runs: Collection[str]) -> Iterator[tuple[str, JobFolder]]:
        for file in self._jobs.glob(f"*/{FILE}") if runs else ():
            with contextlib.suppress(OSError, ValueError):
                run = file.read_text(encoding="ascii").strip()
                if run in runs:
                    yield run, JobFolder(file.parent)


def _is_done(job: JobFolder) -> bool:
    try:
        return job.state().status is Status.FINISHED
    except (OSError, ValueError, PipelineError):  # its journal is damaged, which is told where the job is looked at
        return False
