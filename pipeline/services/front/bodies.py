"""Where the body of an HTTP/1 message ends. Pure: bytes go in, and how many of them belong to the body comes out."""

import re
from typing import Protocol

LONGEST_LINE = 16 << 10  # bytes, of a chunk's size or a trailer
_SIZE = re.compile(rb"[0-9A-Fa-f]{1,16}")


class BadBody(Exception):
    """The bytes are no body of the announced kind."""


class Body(Protocol):
    """The body of one message, as far as it has come."""

    @property
    def is_whole(self) -> bool:
        """Whether its end has come."""
        ...

    def feed(self, data: bytes) -> int:
        """How many of the next bytes belong to it. Raises ``BadBody``."""
        ...


class LengthBody:
    """As many bytes as the head says; none where it says nothing."""

    def __init__(self, length: int = 0) -> None:
        self._left = length

    @property
    def is_whole(self) -> bool:
        return self._left == 0

    def feed(self, data: bytes) -> int:
        taken = min(self._left, len(data))
        self._left -= taken
        return taken


class EndlessBody:
    """It ends when its connection is closed."""

    is_whole = False

    def feed(self, data: bytes) -> int:
        return len(data)


class ChunkedBody:
    """Chunks, each after a line with its size; the last one has none, and trailers and an empty line follow."""

    def __init__(self) -> None:
        self._line = bytearray()  # the beginning of a line whose end hasn't come
        self._left = 0  # bytes of the chunk and of the line end after it
        self._is_trailer = False
        self.is_whole = False

    def feed(self, data: bytes) -> int:
        place = 0
        while place < len(data) and not self.is_whole:
            if self._left:
                taken = min(self._left, len(data) - place)
                self._left -= taken
                place += taken
                continue
            end = data.find(b"\n", place)
            until = len(data) if end < 0 else end + 1
            self._line += data[place:until]
            place = until
            if len(self._line) > LONGEST_LINE:
                raise BadBody("a line of a chunked body is too long")
            if end >= 0:
                self._take_line()
        return place

    def _take_line(self) -> None:
        line = bytes(self._line).strip()
        self._line.clear()
        if self._is_trailer:
            self.is_whole = not line
            return
        digits = line.partition(b";")[0].strip()
        if not _SIZE.fullmatch(digits):
            raise BadBody(f"{digits[:20]!r} is no size of a chunk")
        size = int(digits, 16)
        self._is_trailer = size == 0
        self._left = size + len(b"\r\n") if size else 0
