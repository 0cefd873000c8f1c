"""The public ports of a service in the foreground."""

import asyncio
import socket
from collections.abc import Mapping
from functools import partial

from pipeline.services.front.backends import Backend, Backends
from pipeline.services.front.bounded_wait import first_of
from pipeline.services.front.client_connection import ClientConnection

BACKLOG = 512  # connections that wait to be taken


class Front:
    """Listens on the public ports. ``ports``: their numbers by name, once it listens."""

    def __init__(self, hold_seconds: float = 30.0) -> None:
        """``hold_seconds``: how long a request waits while no version serves, such as while it is started again."""
        self.backends = Backends(hold_seconds)
        self.ports: dict[str, int] = {}
        self._servers: list[asyncio.Server] = []
        self._connections: dict[ClientConnection, asyncio.Task[None]] = {}

    async def listen(self, host: str, ports: Mapping[str, int]) -> None:
        """Bind the public ports; 0 for any that is free. Raises ``OSError`` where one is taken."""
        for name, number in ports.items():
            listener = _bound(host, number)
            self.ports[name] = listener.getsockname()[1]
            self._servers.append(await asyncio.start_server(partial(self._take, name), sock=listener, backlog=BACKLOG))

    def switch(self, backend: Backend | None) -> Backend | None:
        """New requests go to another version from now on. Returns the one before."""
        return self.backends.switch(backend)

    async def close(self, seconds: float, at_once: asyncio.Event | None = None) -> None:
        """Take no new connection, and close those that are there after the answers that they wait for.

        What isn't answered in so many seconds is cut off; ``at_once``: what isn't answered by then.
        """
        for server in self._servers:
            server.close()
        if self.backends.current:
            self.backends.current.leaving.set()
        for connection in list(self._connections):
            connection.close()
        tasks = list(self._connections.values())
        await first_of(asyncio.gather(*tasks, return_exceptions=True), at_once, seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _take(self, port: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a new connection to its end."""
        connection = ClientConnection(port, self.backends, reader, writer)
        task = asyncio.ensure_future(connection.run())
        self._connections[connection] = task
        task.add_done_callback(lambda _: self._connections.pop(connection, None))


def _bound(host: str, number: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, number))
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener
