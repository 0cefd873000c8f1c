"""A connection to a version of a service, of which nothing is lost that has come.

A service may answer, and close, before it has read the whole request. When the next write fails then, asyncio gives up
the connection, with what it has read of it and what it hasn't.
"""

import asyncio
import contextlib
import socket
from typing import Self

from pipeline.services.front.incoming_bytes import PIECE, IncomingBytes


class BackendConnection:
    """Made by ``opened``."""

    def __init__(self, reader: "_LastingReader", writer: asyncio.StreamWriter) -> None:
        self.incoming = IncomingBytes(reader)
        self.writer = writer
        self._reader = reader

    @classmethod
    async def opened(cls, address: tuple[str, int]) -> Self:
        """Raises ``OSError``."""
        loop = asyncio.get_running_loop()
        reader = _LastingReader(loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        transport, _ = await loop.create_connection(lambda: protocol, *address)
        reader.keep(transport.get_extra_info("socket"))
        return cls(reader, asyncio.StreamWriter(transport, protocol, reader, loop))

    def close(self) -> None:
        self._reader.let_go()
        self.writer.close()


class _LastingReader(asyncio.StreamReader):
    """Where the connection fails, it ends behind what had come."""

    _same: socket.socket | None = None  # the connection once more, as long as it may be read

    def keep(self, connection: socket.socket) -> None:
        self._same = connection.dup()

    def let_go(self) -> None:
        """Nobody reads what comes now."""
        same, self._same = self._same, None
        if same is not None:
            same.close()

    def set_exception(self, exc: Exception) -> None:  # noqa: ARG002  # asyncio's signature
        self._end()

    def feed_eof(self) -> None:
        self._end()

    def _end(self) -> None:
        if self._same is not None:
            with contextlib.suppress(OSError):  # no more has come, or it was reset
                while data := self._same.recv(PIECE):
                    self.feed_data(data)
        self.let_go()
        super().feed_eof()
