"""A slow look at the batch system's jobs, and a quick one right after a node was lost."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping

from pipeline.cluster.batch import slurm_queue
from pipeline.cluster.batch.job_ends import JobBook
from pipeline.cluster.batch.slurm_queue import QueueUnavailable
from pipeline.cluster.members import NodeLoss
from pipeline.values import Struct

SOON_SECONDS = 1.0  # after a loss: the batch system hears of it a little later


class BatchView(Struct, frozen=True):
    """What the watch goes by, and whom it tells."""

    jobs: Callable[[], set[str]]  # those to look after
    ended: Callable[[str, NodeLoss], None]


class BatchWatch:
    """All runs in one event loop, but the calls."""

    def __init__(self, view: BatchView, seconds: float, variables: Mapping[str, str]) -> None:
        self._view = view
        self._seconds = seconds
        self._variables = variables
        self._book = JobBook()
        self._told: set[str] = set()
        self._soon = asyncio.Event()

    def look_soon(self) -> None:
        """A node was lost."""
        self._soon.set()

    async def run(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._soon.wait(), self._seconds)
                await asyncio.sleep(SOON_SECONDS)
            self._soon.clear()
            with contextlib.suppress(QueueUnavailable):  # the next look may see more
                await self.look()

    async def look(self) -> None:
        """Raises ``QueueUnavailable``."""
        if not (jobs := self._view.jobs() - self._told):
            return
        seen = await asyncio.to_thread(slurm_queue.queue, self._variables)
        ended, unknown = self._book.queue(jobs, seen)
        if unknown:
            records = await asyncio.to_thread(slurm_queue.accounting, unknown, self._variables)
            ended |= self._book.accounting(unknown, records)
        for job, loss in ended.items():
            if loss.kind != "requeued":  # which goes on
                self._told.add(job)
            self._view.ended(job, loss)
