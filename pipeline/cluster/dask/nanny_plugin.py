"""The record of a worker's parent: how the worker's process ended, told beside the loss of its connection."""

import asyncio

from distributed import Nanny
from distributed.diagnostics.plugin import NannyPlugin

from pipeline.cluster.dask.node_news import WorkerEnded, encode_news, topic_of
from pipeline.cluster.members import NodeLoss
from pipeline.run.failures import oom
from pipeline.run.failures.oom import OomKills

LOOK_SECONDS = 0.1
UNSEEN = 255  # Dask's code for an end that nobody has seen


class ExitPlugin(NannyPlugin):
    """Where workers have no nanny, nobody is told."""

    def __init__(self, owner: str) -> None:
        self.owner = owner

    def setup(self, nanny: Nanny) -> None:
        self._kills = oom.read()
        self._is_active = True
        self._task = asyncio.ensure_future(self._follow(nanny))

    async def _follow(self, nanny: Nanny) -> None:
        """A nanny that starts has no process yet."""
        while (process := nanny.process) is None:
            await asyncio.sleep(LOOK_SECONDS)
        former = process.on_exit

        def on_exit(code: int) -> None:
            if self._is_active:
                self._tell(nanny, code)
            former(code)

        process.on_exit = on_exit  # the same object starts the worker again, and tells of that one's end, too

    def teardown(self, nanny: Nanny) -> None:  # noqa: ARG002  # Dask's signature
        """Another one has come in its place."""
        self._is_active = False
        self._task.cancel()

    def _tell(self, nanny: Nanny, code: int) -> None:
        before, self._kills = self._kills, oom.read()
        if code:
            news = WorkerEnded(worker=str(nanny.worker_address), loss=loss_of(code, before, self._kills))
            nanny.log_event(topic_of(self.owner), encode_news(news))


def loss_of(code: int, before: OomKills, after: OomKills) -> NodeLoss:
    """``code``: of the worker's process, negative where a signal ended it."""
    if code == UNSEEN:
        return NodeLoss("failed", "its process ended, and nobody has seen how")
    words = f"its process ended with exit code {code}" if code > 0 else f"its process was killed by signal {-code}"
    if code == -9 and oom.rose(before.group, after.group):
        return NodeLoss("memory", f"{words}, when the kernel killed for want of memory")
    return NodeLoss("failed", words)
