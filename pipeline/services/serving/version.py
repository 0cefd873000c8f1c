"""One version of a service in the foreground: its program under a supervisor of its own.

How the next version takes over is in ``foreground.py``.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from pipeline.services.client import ServiceClient, connect
from pipeline.services.folder import ServiceFolder
from pipeline.services.front.backends import Backend
from pipeline.services.growing_log import GrowingLog
from pipeline.services.live_services import kill, stop
from pipeline.services.order import ServiceOrder
from pipeline.services.serving.record import ServiceRecord
from pipeline.services.status import ServiceState, ServiceStatus

LONGEST_END = 24 * 3600.0  # seconds; the supervisor has a bound of its own
LOOK = 0.1  # seconds between two looks at the log
MOST_LINES = 100_000  # of what was printed before the first look


class VersionFailed(Exception):
    """It isn't there any more, or never was ready; ``status`` says why."""

    def __init__(self, status: ServiceStatus) -> None:
        super().__init__(status.failure.text if status.failure else "it has ended")
        self.status = status


class ServedVersion:
    """``number``: from 1."""

    def __init__(
        self, number: int, order: ServiceOrder, client: ServiceClient, runtime: Path, record: ServiceRecord
    ) -> None:
        self.number = number
        self.order = order
        self._client = client
        self._folder = ServiceFolder.of(runtime, order.key)
        self._record = record
        self._log: GrowingLog | None = None
        self._forwarding = asyncio.ensure_future(self._forward_log())
        self._told = ""

    @property
    def status(self) -> ServiceStatus:
        return self._client.status()

    def backend(self) -> Backend:
        """Where its ports are. It must have been started."""
        urls = self.status.urls
        addresses = {name: (self.order.host, int(url.rpartition(":")[2])) for name, url in urls.items()}
        return Backend(str(self.number), addresses)

    async def ready(self) -> None:
        """Wait until it can be used. Raises ``VersionFailed``."""
        async for status in self.changes():
            if status.state is ServiceState.READY:
                return
        raise VersionFailed(self.status)

    async def changes(self) -> AsyncIterator[ServiceStatus]:
        """Its status now, and each later one, until it is over."""
        while True:
            status = self.status
            self._tell(status)
            yield status
            if status.is_over:
                return
            await _readable(self._client.fileno())

    async def stop(self, at_once: asyncio.Event) -> None:
        """Ask it to end, and wait until nothing of it is left. Its block bounds how long that takes.

        ``at_once``: it isn't waited for any more.
        """
        killing = asyncio.ensure_future(self._kill(at_once))
        try:
            await asyncio.to_thread(stop, self._folder, LONGEST_END)
        finally:
            killing.cancel()
        async for _ in self.changes():
            pass
        await self.close()

    async def _kill(self, at_once: asyncio.Event) -> None:
        await at_once.wait()
        self._record.event("killed", self.number)
        await asyncio.to_thread(kill, self._folder)

    async def close(self) -> None:
        """Let it go."""
        self._forwarding.cancel()
        await asyncio.gather(self._forwarding, return_exceptions=True)
        self._show_log()
        if self._log:
            self._log.close()
        self._client.close()

    async def _forward_log(self) -> None:
        while True:
            self._show_log()
            await asyncio.sleep(LOOK)

    def _show_log(self) -> None:
        if self._log is None and (path := self.status.log):
            self._log = GrowingLog(Path(path), MOST_LINES)
        for line in self._log.new_lines() if self._log else ():
            self._record.line(self.number, line)

    def _tell(self, status: ServiceStatus) -> None:
        """What it says of itself while it starts, and that it was started again."""
        if status.message and status.message != self._told:
            self._told = status.message
            self._record.event("status", self.number, message=status.message)


async def begun(number: int, order: ServiceOrder, runtime: Path, record: ServiceRecord) -> ServedVersion:
    """A version that was started and may not be ready. Raises ``Unavailable`` and ``OSError``."""
    client = await asyncio.to_thread(connect, runtime, order)
    return ServedVersion(number, order, client, runtime, record)


async def _readable(descriptor: int) -> None:
    loop, event = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(descriptor, event.set)
    try:
        await event.wait()
    finally:
        loop.remove_reader(descriptor)
