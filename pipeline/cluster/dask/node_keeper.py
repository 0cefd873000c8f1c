"""Keeps as many made nodes as the run's queue wants, puts others in the place of lost ones, and tells of late ones."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from pipeline.cluster.dask.own_nodes import OwnNodes
from pipeline.cluster.dask.scaling import Scaling
from pipeline.values import Struct

TICK_SECONDS = 1.0


class KeeperView(Struct, frozen=True):
    """What the keeper goes by, and whom it tells."""

    joined: Callable[[], set[str]]  # Dask's names of workers whose node is there
    retire: Callable[[str], Awaitable[bool]]  # whether such a node had nothing to do, and takes nothing any more
    failed: set[str]  # of nodes that couldn't be started, or ended by themselves; the keeper takes them away
    late: Callable[[str], None]  # one that was made hasn't come for long


class NodeKeeper:
    """All runs in one event loop."""

    def __init__(self, nodes: OwnNodes, scaling: Scaling, view: KeeperView, start_seconds: float) -> None:
        self._nodes = nodes
        self._scaling = scaling
        self._view = view
        self._start_seconds = start_seconds
        self._since: dict[str, float] = {}  # when a node was seen that is to come

    async def run(self) -> None:
        while True:
            await self.look(time.monotonic())
            await asyncio.sleep(TICK_SECONDS)

    async def look(self, now: float) -> None:
        lost = (self._nodes.lost() | self._view.failed) & self._nodes.names()
        self._view.failed.clear()
        if lost:
            await self._nodes.release(lost)
        made = self._nodes.names()
        target = self._scaling.target(len(made), now)
        if target > len(made):
            self._nodes.grow(target)
        elif target < len(made):
            await self._shrink(made, len(made) - target)
        self._tell_late(now)

    async def _shrink(self, made: set[str], number: int) -> None:
        """First those that haven't come: they have nothing to do."""
        there = self._view.joined()
        chosen = set(sorted(made - there, reverse=True)[:number])
        for name in sorted(made & there, reverse=True):
            if len(chosen) < number and await self._view.retire(name):
                chosen.add(name)
        if chosen:
            await self._nodes.release(chosen)

    def _tell_late(self, now: float) -> None:
        coming = self._nodes.names() - self._view.joined()
        self._since = {name: self._since.get(name, now) for name in coming}
        for name, since in self._since.items():
            if now - since >= self._start_seconds:
                self._since[name] = now  # told again after as long
                self._view.late(name)
