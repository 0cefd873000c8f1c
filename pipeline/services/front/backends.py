"""The versions of a service that a front has behind it, and what goes on in each."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pipeline.services.front.backend_connection import BackendConnection
from pipeline.services.front.bounded_wait import first_of

RETRY_SECONDS = 0.05  # between two tries to reach a version that is starting again


class NobodyServes(Exception):
    """No version took the connection in time."""


class Backend:
    """One version of a service."""

    def __init__(self, name: str, addresses: Mapping[str, tuple[str, int]]) -> None:
        """``name``: for people. ``addresses``: host and number by the name of the port."""
        self.name = name
        self.addresses = addresses
        self.requests = 0  # that have begun and aren't answered; a connection with HTTP/2 counts as one
        self.leaving = asyncio.Event()  # it gets no new requests any more
        self._is_idle = asyncio.Event()
        self._is_idle.set()

    @contextmanager
    def busy(self) -> Iterator[None]:
        """While a request is passed on."""
        self.requests += 1
        self._is_idle.clear()
        try:
            yield
        finally:
            self.requests -= 1
            if not self.requests:
                self._is_idle.set()

    async def drained(self, seconds: float, at_once: asyncio.Event | None = None) -> bool:
        """Wait until all requests that have begun are answered. Whether they are, after so many seconds at most.

        ``at_once``: they aren't waited for any more.
        """
        return await first_of(self._is_idle.wait(), at_once, seconds)


class Backends:
    """Which version serves now. New requests go to it; those that have begun stay where they are."""

    def __init__(self, hold_seconds: float) -> None:
        """``hold_seconds``: how long a request waits while no version serves."""
        self._hold_seconds = hold_seconds
        self._current: Backend | None = None
        self._changed = asyncio.Event()

    @property
    def current(self) -> Backend | None:
        return self._current

    def switch(self, backend: Backend | None) -> Backend | None:
        """Let another version serve, or none for a while. Returns the one before."""
        before, self._current = self._current, backend
        if before is not None and before is not backend:
            before.leaving.set()
        self._changed.set()
        self._changed = asyncio.Event()
        return before

    async def connect(self, port: str) -> tuple[Backend, BackendConnection]:
        """A new connection to the version that serves. Nothing has been sent on it, so that it can be tried again.

        Raises ``NobodyServes``.
        """
        deadline = time.monotonic() + self._hold_seconds
        while True:
            backend = await self._serving(deadline)
            try:
                return backend, await BackendConnection.opened(backend.addresses[port])
            except OSError as error:
                if time.monotonic() > deadline:
                    raise NobodyServes(f"the service takes no connection: {error}") from error
            await asyncio.sleep(RETRY_SECONDS)

    async def _serving(self, deadline: float) -> Backend:
        while self._current is None:
            left = deadline - time.monotonic()
            try:
                await asyncio.wait_for(self._changed.wait(), max(left, 0.0))
            except TimeoutError:
                raise NobodyServes("the service isn't ready") from None
        return self._current
