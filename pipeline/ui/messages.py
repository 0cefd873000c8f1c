"""What the server gets and gives, as values (pure)."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from io import BufferedIOBase
from urllib.parse import parse_qs, unquote, urlsplit

from pipeline.values import Struct, field

HTML, JSON, TEXT = "text/html; charset=utf-8", "application/json", "text/plain; charset=utf-8"
BINARY = "application/octet-stream"


class Upload(Struct, frozen=True):
    """A body that is read while it comes."""

    source: BufferedIOBase
    size: int  # bytes, as the browser says


class Request(Struct, frozen=True):
    """What a browser asks for. ``headers``: by their names in lower case."""

    method: str
    path: tuple[str, ...]  # its parts, each decoded by itself, so that no part has a meaning as a path
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""
    upload: Upload | None = None  # in place of a body, for PUT

    def header(self, name: str) -> str:
        return self.headers.get(name.lower(), "")

    def cookie(self, name: str) -> str:
        try:
            found = SimpleCookie(self.header("cookie")).get(name)
        except CookieError:
            return ""
        return found.value if found else ""

    @property
    def reads(self) -> bool:
        """Whether it asks for something, and changes nothing."""
        return self.method in {"GET", "HEAD"}


class Response(Struct, frozen=True):
    """A whole answer, or one whose content is made piece by piece."""

    status: HTTPStatus = HTTPStatus.OK
    kind: str = HTML
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    pieces: Iterator[bytes] | None = None  # in place of a body
    length: int | None = None  # of the pieces together, where that is known
    policy: str | None = None  # a content policy in place of the usual one


class Denial(Exception):
    """A request that isn't answered; ``words`` are for a person."""

    def __init__(self, status: HTTPStatus, words: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(words)
        self.status = status
        self.words = words
        self.headers = headers


class ByteRange(Struct, frozen=True):
    """The part of a file that was asked for: ``size`` bytes from ``begin`` on."""

    begin: int
    size: int
    whole: int = field(default=0)  # size of the file

    @property
    def header(self) -> str:
        return f"bytes {self.begin}-{self.begin + self.size - 1}/{self.whole}"


def request(method: str, target: str, headers: Mapping[str, str]) -> Request:
    """``target``: the second word of a request's first line. Raises ``Denial`` for what is no path of this server."""
    if not target.startswith("/") or target.startswith("//"):
        raise Denial(HTTPStatus.BAD_REQUEST, "That is no address of this page.")
    split = urlsplit(target)
    path = tuple(unquote(part, errors="strict") for part in split.path.split("/") if part)
    query = {name: values[-1] for name, values in parse_qs(split.query, keep_blank_values=True).items()}
    return Request(method, path, query, {name.lower(): value for name, value in headers.items()})


def byte_range(text: str, whole: int) -> ByteRange | None:
    """The one range that a ``Range`` header names; ``None`` where the whole is asked for.

    Several ranges at a time are refused, so that no request costs more than it gives. Raises ``Denial``.
    """
    if not text:
        return None
    unit, _, rest = text.partition("=")
    first, dash, last = rest.strip().partition("-")
    known = unit.strip().lower() == "bytes" and dash and "," not in rest
    if not known or not _is_number(first) or not _is_number(last) or not (first or last):
        raise _no_such_range("Only one range of bytes can be asked for.", whole)
    if first:
        begin = int(first)
        end = min(int(last), whole - 1) if last else whole - 1
    else:
        begin, end = max(0, whole - int(last)), whole - 1
    if begin >= whole or end < begin:
        raise _no_such_range(f"It has {whole} bytes.", whole)
    return ByteRange(begin, end - begin + 1, whole)


def _no_such_range(words: str, whole: int) -> Denial:
    return Denial(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, words, (("Content-Range", f"bytes */{whole}"),))


def _is_number(text: str) -> bool:
    return not text or (text.isascii() and text.isdecimal() and len(text) < 20)
