"""The heads of HTTP/1 messages, as far as they say where a message ends and what follows it. Pure.

Not by h11: what it writes again isn't what came (extensions of chunks are gone), it takes ten times as long for heads
and chunked bodies, and it has nothing of what most of this folder is for: other protocols, HTTP/2, changing versions.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.services.front.bodies import Body, ChunkedBody, EndlessBody, LengthBody

END = b"\r\n\r\n"
LONGEST = 64 << 10  # bytes of a head
_REQUEST = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) [^ \r\n]+ HTTP/1\.([01])\r\n")
_RESPONSE = re.compile(rb"HTTP/1\.([01]) ([1-5]\d\d)[^\r\n]*\r\n")
_BEGINNING = re.compile(rb"[A-Z]{1,16}( [^\r\n]*)?")  # of a request whose first line may not have come as a whole
_WITHOUT_BODY = (204, 304)
SWITCHING = 101

Fields = Mapping[bytes, Sequence[bytes]]


@dataclass(frozen=True)
class RequestHead:
    method: bytes
    is_last: bool  # the connection isn't used for another request
    fields: Fields

    @property
    def wants_other_protocol(self) -> bool:
        return self.method == b"CONNECT" or b"upgrade" in self.fields

    def body(self) -> Body:
        """Raises ``ValueError`` for a length that is no number."""
        return _announced(self.fields) or LengthBody()


@dataclass(frozen=True)
class ResponseHead:
    status: int
    is_last: bool
    fields: Fields

    @property
    def is_interim(self) -> bool:
        """Another head follows, such as after ``100 Continue``."""
        return 100 <= self.status < 200 and self.status != SWITCHING

    def changes_protocol(self, request: RequestHead) -> bool:
        return self.status == SWITCHING or (request.method == b"CONNECT" and 200 <= self.status < 300)

    def body(self, request: RequestHead) -> Body:
        """What follows it as an answer to ``request``. Raises ``ValueError`` for a length that is no number."""
        if request.method == b"HEAD" or self.status in _WITHOUT_BODY or self.is_interim:
            return LengthBody()
        return _announced(self.fields) or EndlessBody()


def may_be_request(data: bytes) -> bool:
    """Whether a request of HTTP/1 can begin with these bytes. (That of HTTP/2 begins like one, and isn't.)"""
    line = data.partition(b"\r\n")[0]
    return bool(_BEGINNING.fullmatch(line)) and not line.startswith(b"PRI ")


def request_head(data: bytes) -> RequestHead | None:
    """``None`` where it is none."""
    found = _REQUEST.match(data)
    if found is None:
        return None
    fields = _fields(data[found.end() :])
    return RequestHead(found[1], _is_last(found[2], fields), fields)


def response_head(data: bytes) -> ResponseHead | None:
    """``None`` where it is none."""
    found = _RESPONSE.match(data)
    if found is None:
        return None
    fields = _fields(data[found.end() :])
    return ResponseHead(int(found[2]), _is_last(found[1], fields), fields)


def _fields(lines: bytes) -> Fields:
    fields: dict[bytes, list[bytes]] = {}
    for line in lines.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if colon:
            fields.setdefault(name.strip().lower(), []).append(value.strip())
    return fields


def _words(fields: Fields, name: bytes) -> list[bytes]:
    return [word.strip().lower() for value in fields.get(name, ()) for word in value.split(b",")]


def _is_last(minor: bytes, fields: Fields) -> bool:
    words = _words(fields, b"connection")
    return b"close" in words or (minor == b"0" and b"keep-alive" not in words)


def _announced(fields: Fields) -> Body | None:
    """The body that a head announces. One in chunks wins over a length, as RFC 9112 wants it."""
    if b"chunked" in _words(fields, b"transfer-encoding"):
        return ChunkedBody()
    lengths = set(fields.get(b"content-length", ()))
    if not lengths:
        return None
    if len(lengths) > 1 or not next(iter(lengths)).isdigit():
        raise ValueError("the length of the body is no number")
    return LengthBody(int(lengths.pop()))
