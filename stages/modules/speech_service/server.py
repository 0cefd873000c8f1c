"""Runs the application with uvicorn until it is asked to end; requests that have begun are answered first."""

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette


class AnnouncedServer(uvicorn.Server):  # type: ignore[misc]  # the library isn't here
    """Tells when it takes connections."""

    def __init__(self, config: uvicorn.Config, tell: Callable[[], None]) -> None:
        super().__init__(config)
        self._tell = tell

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn's own sends the signal once more at the end, so that the service would end by it, and not with 0."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self._tell()


def serve(application: Starlette, listener: socket.socket, tell: Callable[[], None], drain_seconds: float) -> None:
    """Serve on a listening socket. ``tell`` is called once, when connections are taken.

    SIGTERM and SIGINT end it: no new connection is taken, and requests have ``drain_seconds`` to be answered.
    """
    config = uvicorn.Config(
        application,
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=max(1, int(drain_seconds)),
    )
    AnnouncedServer(config, tell).run(sockets=[listener])
