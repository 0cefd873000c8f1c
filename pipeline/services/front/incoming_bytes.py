"""What comes in on a connection, with a look at what isn't taken yet."""

import asyncio

from pipeline.services.front.heads import END, LONGEST

PIECE = 256 << 10  # bytes


class HeadTooLong(Exception):
    """A head is longer than any that is sent in earnest."""


class IncomingBytes:
    """The bytes of one connection, in order."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._waiting = b""

    async def peek(self) -> bytes:
        """The next bytes, which stay; empty at the end."""
        if not self._waiting:
            self._waiting = await self._reader.read(PIECE)
        return self._waiting

    async def head(self) -> bytes:
        """All up to the empty line after a head; empty where the end comes before. Raises ``HeadTooLong``."""
        while (end := self._waiting.find(END)) < 0:
            if len(self._waiting) > LONGEST:
                raise HeadTooLong
            more = await self._reader.read(PIECE)
            if not more:
                return b""
            self._waiting += more
        return self.take(end + len(END))

    def take(self, count: int) -> bytes:
        """So many of the bytes that were looked at."""
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        return taken
