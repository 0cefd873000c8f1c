"""Slurm as the system that runs nodes as jobs."""

import asyncio
from collections.abc import Mapping

from pipeline.cluster.members import NodeLoss
from pipeline.cluster.slurm import slurm_queue
from pipeline.cluster.slurm.job_ends import BatchState, JobBook


class SlurmSystem:
    """``BatchSystem``. ``variables``: of the programs that ask Slurm, which run in threads."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self._book = JobBook()
        self._seen: Mapping[str, BatchState] = {}

    async def ends(self, jobs: set[str]) -> dict[str, NodeLoss]:
        self._seen = await asyncio.to_thread(slurm_queue.queue, self._variables)
        ended, unknown = self._book.queue(jobs, self._seen)
        if unknown:
            records = await asyncio.to_thread(slurm_queue.accounting, unknown, self._variables)
            ended |= self._book.accounting(unknown, records)
        return ended

    def wait_reason(self, job: str) -> str:
        known = self._seen.get(job)
        return f"Slurm: job {job} is {known.state} ({known.detail})" if known and known.is_waiting else ""
