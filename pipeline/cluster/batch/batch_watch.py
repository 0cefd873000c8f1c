"""A slow look at the system that runs nodes as jobs, and a quick one right after a node was lost."""

import asyncio
import contextlib
import time
from collections.abc import Callable

from pipeline.cluster.batch.batch_system import BatchSystem, SystemUnavailable
from pipeline.cluster.members import NodeLoss
from pipeline.values import Struct

SOON_SECONDS = 1.0  # after a loss: the system hears of it a little later

SILENT_SECONDS = 60.0  # after which a system that doesn't answer is told of


class BatchView(Struct, frozen=True):
    """What the watch goes by, and whom it tells."""

    jobs: Callable[[], set[str]]  # those to look after
    ended: Callable[[str, NodeLoss], None]
    unavailable: Callable[[str], None]  # for long, and why


class BatchWatch:
    """All runs in one event loop."""

    def __init__(self, view: BatchView, system: BatchSystem, seconds: float) -> None:
        self._view = view
        self._system = system
        self._seconds = seconds
        self._told: set[str] = set()
        self._soon = asyncio.Event()
        self._answered_at, self._is_silent = time.monotonic(), False

    def look_soon(self) -> None:
        """A node was lost."""
        self._soon.set()

    async def run(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._soon.wait(), self._seconds)
                await asyncio.sleep(SOON_SECONDS)
            self._soon.clear()
            try:
                await self.look()
                self._answered_at, self._is_silent = time.monotonic(), False
            except SystemUnavailable as error:  # the next look may see more
                if not self._is_silent and time.monotonic() - self._answered_at >= SILENT_SECONDS:
                    self._is_silent = True
                    self._view.unavailable(str(error))

    async def look(self) -> None:
        """Raises ``SystemUnavailable``."""
        if not (jobs := self._view.jobs() - self._told):
            return
        for job, loss in (await self._system.ends(jobs)).items():
            if loss.kind != "requeued":  # which goes on
                self._told.add(job)
            self._view.ended(job, loss)
