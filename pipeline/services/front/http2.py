"""Where the frames of HTTP/2 (RFC 9113) end, and the frame that asks a client to go on with a new connection. Pure."""

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"  # of a client
HEADER = 9  # bytes of a frame before its content
HEADERS, PUSH_PROMISE, GOAWAY, CONTINUATION = 0x1, 0x5, 0x7, 0x9
END_HEADERS = 0x4
_LAST_STREAM, _NO_ERROR = 0x7FFFFFFF, 0
# What a server sends first that is about to end: streams that the client has begun are still answered, however many
# are on their way, and new ones go to a new connection.
LEAVE = (
    (8).to_bytes(3, "big")
    + bytes([GOAWAY, 0])
    + bytes(4)
    + _LAST_STREAM.to_bytes(4, "big")
    + _NO_ERROR.to_bytes(4, "big")
)


class ServerFrames:
    """The frames that a server sends, as far as they have come."""

    def __init__(self) -> None:
        self._header = b""  # the beginning of a frame whose header isn't whole
        self._left = 0  # bytes of the frame's content
        self._is_open = True  # the first frame hasn't come, or headers go on in the next one

    @property
    def is_between(self) -> bool:
        """Whether another frame may stand here."""
        return not (self._left or self._header or self._is_open)

    def feed(self, data: bytes, stops: bool) -> int:
        """How many of the next bytes were looked at: all, or with ``stops`` those up to the next end of a frame."""
        place = 0
        while place < len(data):
            if self._left:
                taken = min(self._left, len(data) - place)
                self._left -= taken
            else:
                taken = min(HEADER - len(self._header), len(data) - place)
                self._header += data[place : place + taken]
                if len(self._header) == HEADER:
                    self._begin()
            place += taken
            if stops and self.is_between:
                break
        return place

    def _begin(self) -> None:
        kind, flags = self._header[3], self._header[4]
        self._left = int.from_bytes(self._header[:3], "big")
        self._header = b""
        self._is_open = kind in (HEADERS, PUSH_PROMISE, CONTINUATION) and not flags & END_HEADERS
