"""The heads of HTTP/1.1 messages between runs and nodes, read line by line.

The standard library reads them as those of mails, which takes longer than all else that is done for a short question.
"""

from http.client import HTTPException, HTTPMessage, HTTPResponse, LineTooLong
from io import BufferedIOBase
from typing import Any

LONGEST = 65_536  # bytes of a line
MOST = 100  # lines
BODILESS = (204, 304)


def read_fields(file: BufferedIOBase) -> HTTPMessage:
    """Up to the empty line. Raises ``HTTPException`` for what is no head."""
    fields = HTTPMessage()
    for _ in range(MOST):
        line = file.readline(LONGEST + 1)
        if len(line) > LONGEST:
            raise LineTooLong("header line")
        name, colon, value = line.decode("iso-8859-1").partition(":")
        if not line.strip():
            return fields
        if not colon or not name.strip():
            raise HTTPException(f"{name.strip()!r} is no line of a head")
        fields[name.strip()] = value.strip()
    raise HTTPException(f"a head has more than {MOST} lines")


class PlainResponse(HTTPResponse):
    """An answer of a node, whose length is told by its head."""

    def __init__(self, sock: Any, debuglevel: int = 0, method: str | None = None, url: str | None = None) -> None:
        super().__init__(sock, debuglevel, method, url)
        self._is_headless = method == "HEAD"

    def begin(self) -> None:
        """Read the head. Raises ``HTTPException``, and ``ConnectionResetError`` where there is no answer."""
        if self.headers is not None:
            return
        line = self.fp.readline(LONGEST + 1)
        if not line:
            raise ConnectionResetError("the other side has ended the connection without an answer")
        version, status, reason = _status_line(line)
        self.version, self.code, self.status, self.reason = version, status, status, reason
        self.headers = self.msg = read_fields(self.fp)
        self.chunked = False
        self.will_close = "close" in self.headers.get("Connection", "").lower()
        self.length = 0 if self._is_headless or status in BODILESS else _length(self.headers)


def _status_line(line: bytes) -> tuple[int, int, str]:
    words = line.decode("iso-8859-1").split(None, 2)
    is_known = len(words) >= 2 and words[0] in {"HTTP/1.0", "HTTP/1.1"} and len(words[1]) == 3 and words[1].isdecimal()
    if not is_known:
        raise HTTPException(f"{line[:80]!r} is no beginning of an answer")
    return (10 if words[0] == "HTTP/1.0" else 11), int(words[1]), words[2].strip() if len(words) > 2 else ""


def _length(fields: HTTPMessage) -> int:
    """Raises ``HTTPException`` where it isn't told: the end of an answer could be anywhere."""
    text = fields.get("Content-Length", "")
    if not text.isdecimal():
        raise HTTPException("an answer doesn't tell its length")
    return int(text)
