"""The program of ``pipeline serve``: one version serves; signals ask for the next one, and for the end.

SIGHUP starts a new version of what the project's files say now. When it is ready, new requests go to it; the one before
answers what it has, and is stopped. SIGTERM and SIGINT take no new requests, let those that there are be answered, and
stop the service, all within the bound of its block. A second signal cuts those off that aren't answered, and a third
one kills the program.
"""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import PipelineError
from pipeline.executors.runtime_folder import Unavailable
from pipeline.services.front.backends import Backend
from pipeline.services.front.front import Front
from pipeline.services.order import ServiceOrder
from pipeline.services.serving.record import ServiceRecord
from pipeline.services.serving.stop_requests import StopRequests
from pipeline.services.serving.systemd_notice import notify
from pipeline.services.serving.version import ServedVersion, VersionFailed, begun
from pipeline.services.status import ServiceState

MakeOrder = Callable[[int], AbstractContextManager[ServiceOrder]]  # for the version with this number


@dataclass(frozen=True)
class ServePlan:
    """What is served, and how."""

    make_order: MakeOrder  # reads the project's files again; what it holds is let go with the version
    runtime: Path  # the user's runtime folder
    host: str
    ports: Mapping[str, int]  # public ones by name; 0 for any that is free
    drain_seconds: float  # for the requests of a version that another one replaces
    hold_seconds: float = 30.0  # that a request waits while the program is started again


@dataclass
class RunningVersion:
    """A version with what keeps its environment and models in their places."""

    served: ServedVersion
    held: ExitStack
    backend: Backend | None = None

    async def stop(self, at_once: asyncio.Event) -> None:
        try:
            await self.served.stop(at_once)
        finally:
            self.held.close()


class ForegroundService:
    """Runs until it is asked to end, or the service has failed."""

    def __init__(self, plan: ServePlan, record: ServiceRecord) -> None:
        self._plan = plan
        self._record = record
        self._front = Front(plan.hold_seconds)
        self._running: RunningVersion | None = None
        self._leaving: set[asyncio.Task[None]] = set()  # versions that are drained and stopped
        self._count = 0
        self._wishes = StopRequests()
        self._replace_wish = asyncio.Event()

    async def run(self) -> None:
        """Raises ``VersionFailed``, ``PipelineError`` where it can't be prepared, ``Unavailable`` and ``OSError``."""
        await self._front.listen(self._plan.host, self._plan.ports)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._wishes.add)
        loop.add_signal_handler(signal.SIGHUP, self._replace_wish.set)
        work, end = asyncio.ensure_future(self._serve()), asyncio.ensure_future(self._wishes.end.wait())
        try:
            await asyncio.wait((work, end), return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
        finally:
            await _cancelled(work, end)
            await self._end()

    async def _serve(self) -> None:
        self._running = await self._begin()
        await self._running.served.ready()
        self._use(self._running)
        notify("READY=1")
        while True:
            running = self._running
            watching = asyncio.ensure_future(self._watch(running))
            wish = asyncio.ensure_future(self._replace_wish.wait())
            try:
                await asyncio.wait((watching, wish), return_when=asyncio.FIRST_COMPLETED)
                if watching.done():
                    return watching.result()
                self._replace_wish.clear()
                await self._replace(running, watching)
            finally:
                await _cancelled(watching, wish)

    async def _begin(self) -> RunningVersion:
        """The next version, which may not be ready."""
        self._count += 1
        with ExitStack() as held:
            order = await asyncio.to_thread(held.enter_context, self._plan.make_order(self._count))
            self._record.event("starting", self._count, pid=os.getpid(), ports=self._front.ports)
            served = await begun(self._count, order, self._plan.runtime, self._record)
            return RunningVersion(served, held.pop_all())

    def _use(self, running: RunningVersion) -> Backend | None:
        """New requests go to it."""
        running.backend = running.served.backend()
        before = self._front.switch(running.backend)
        self._record.event("ready", running.served.number, urls=self._urls())
        return before

    async def _watch(self, running: RunningVersion) -> None:
        """Requests wait while its program is started again. Returns when a person has stopped it by another command.

        Raises ``VersionFailed`` where it isn't started again any more.
        """
        is_ready = True
        async for status in running.served.changes():
            if (status.state is ServiceState.READY) == is_ready or status.is_over:
                continue
            is_ready = not is_ready
            if is_ready:
                self._use(running)
            else:
                self._front.switch(None)
                failure = status.failure.text if status.failure else ""
                self._record.event("restarting", running.served.number, failure=failure)
        if running.served.status.state is not ServiceState.ENDED:
            raise VersionFailed(running.served.status)

    async def _replace(self, before: RunningVersion, watching: "asyncio.Task[None]") -> None:
        """The one before serves on where the new one fails."""
        notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
        try:
            new = await self._ready_or_stopped()
        except (VersionFailed, PipelineError, Unavailable, OSError) as error:
            lines = error.status.failure.log_lines if isinstance(error, VersionFailed) and error.status.failure else ()
            self._record.event("replacement failed", self._count, failure=str(error), log=list(lines))
            notify("READY=1")
            return
        await _cancelled(watching)
        self._running = new
        self._use(new)
        notify("READY=1")
        task = asyncio.ensure_future(self._retire(before))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _ready_or_stopped(self) -> RunningVersion:
        new = await self._begin()
        try:
            await new.served.ready()
        except BaseException:
            await asyncio.shield(new.stop(self._wishes.kill))
            raise
        return new

    async def _retire(self, version: RunningVersion) -> None:
        number, backend = version.served.number, version.backend
        try:
            if backend and backend.requests:
                self._record.event("draining", number, requests=backend.requests)
                if not await backend.drained(self._plan.drain_seconds, self._wishes.cut_off):
                    self._record.event("not drained in time", number, requests=backend.requests)
        finally:
            await version.stop(self._wishes.kill)
            self._record.event("stopped", number)

    async def _end(self) -> None:
        """Requests are answered while the service ends, which it is asked to when no new ones can come."""
        notify("STOPPING=1")
        running, cut_off = self._running, self._wishes.cut_off
        requests = running.backend.requests if running and running.backend else 0
        self._record.event("stopping", requests=requests or None)
        seconds = running.served.order.definition.stop.timeout if running else 0.0
        closing = asyncio.ensure_future(self._front.close(seconds, cut_off))
        await asyncio.sleep(0)  # nothing is taken any more
        for task in list(self._leaving):
            task.cancel()
        if running:
            if running.backend and not await running.backend.drained(seconds, cut_off):
                self._record.event("not drained in time", running.served.number, requests=running.backend.requests)
            await running.stop(self._wishes.kill)
        await asyncio.gather(closing, *self._leaving, return_exceptions=True)
        self._record.event("ended")

    def _urls(self) -> dict[str, str]:
        """The public ones."""
        assert self._running
        shown = f"[{self._plan.host}]" if ":" in self._plan.host else self._plan.host
        schemes = {name: url.partition("://")[0] for name, url in self._running.served.status.urls.items()}
        return {name: f"{schemes.get(name, 'http')}://{shown}:{number}" for name, number in self._front.ports.items()}


async def _cancelled(*tasks: "asyncio.Future[Any]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
