"""Contents over HTTP: in ranges, for those who know the token; on loopback, or with TLS.

``GET`` and ``HEAD /content/DIGEST`` give a content, or 404 with the number of bytes that have come of it
(``Upload-Offset``). ``PUT`` brings the next bytes (``Content-Range: bytes A-B/SIZE``). ``POST /content/DIGEST/check``
reads it and removes it where it is damaged. ``POST /NAME`` is one of the node's own answers, in JSON.
"""

import contextlib
import hmac
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address

from pipeline.cluster.content.byte_range import announced, wanted
from pipeline.cluster.content.errors import ContentDamaged, NoRoom, is_full
from pipeline.cluster.content.message_heads import read_fields
from pipeline.cluster.content.store import ContentStore
from pipeline.errors import PipelineError, UsageError
from pipeline.files import COPIED_BYTES
from pipeline.values import Struct, encode

SILENCE_SECONDS = 60  # that a connection may say nothing
LARGEST_BODY = 16 << 20  # bytes of what isn't a content
CONTENT = "/content/"
CHECK = "/check"
OFFSET = "Upload-Offset"

NodeAnswer = Callable[[bytes], bytes]


class Endpoint(Struct, frozen=True):
    """Where a server listens; port 0 takes a free one."""

    host: str = "127.0.0.1"
    port: int = 0
    tls: ssl.SSLContext | None = None  # without it, only a loopback address will do


class ContentServer(ThreadingHTTPServer):
    """Gives and takes the contents of a store. ``answers``: what else a node says, by the names of the requests."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(
        self,
        store: ContentStore,
        token: str,
        endpoint: Endpoint | None = None,
        answers: Mapping[str, NodeAnswer] | None = None,
    ) -> None:
        """Raises ``UsageError`` where others could read along, and ``OSError``."""
        endpoint = endpoint or Endpoint()
        if endpoint.tls is None and not _is_loopback(endpoint.host):
            raise UsageError(
                f"{endpoint.host} can be reached from other machines, and there is no TLS",
                "give certificates, or use 127.0.0.1",
            )
        if not token:
            raise UsageError("a server of contents needs a token")
        super().__init__((endpoint.host, endpoint.port), _ContentHandler)
        self.store = store
        self.token = token.encode()
        self.answers = dict(answers or {})
        self._tls = endpoint.tls
        self._connections: set[socket.socket] = set()

    @property
    def address(self) -> str:
        """HOST:PORT."""
        host, port = self.server_address[:2]
        return f"{host if isinstance(host, str) else host.decode()}:{port}"

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Answer in threads until the block ends."""
        thread = threading.Thread(target=self.serve_forever, args=(0.1,), daemon=True, name="contents")
        thread.start()
        try:
            yield
        finally:
            self.shutdown()
            self.server_close()
            self._end_connections()
            thread.join()

    def _end_connections(self) -> None:
        """Those that wait for the next request, too."""
        for each in list(self._connections):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def finish_request(self, request: object, client_address: object) -> None:
        """In the connection's own thread, so that a slow handshake holds up nobody."""
        assert isinstance(request, socket.socket)
        with contextlib.ExitStack() as stack:
            if self._tls is not None:
                request.settimeout(SILENCE_SECONDS)
                request = stack.enter_context(self._tls.wrap_socket(request, server_side=True))
            self._connections.add(request)
            stack.callback(self._connections.discard, request)
            super().finish_request(request, client_address)

    def handle_error(self, request: object, client_address: object) -> None:
        """Who asked has gone; that is no error here."""


class _ContentHandler(BaseHTTPRequestHandler):
    server: ContentServer
    raw_requestline: bytes
    protocol_version = "HTTP/1.1"
    timeout = SILENCE_SECONDS
    disable_nagle_algorithm = True
    wbufsize = COPIED_BYTES  # so that an answer's head and body leave together

    def parse_request(self) -> bool:
        """Whether there is a request that can be answered."""
        self.command, self.request_version, self.close_connection = "", self.protocol_version, True
        self.requestline = self.raw_requestline.decode("iso-8859-1").rstrip("\r\n")
        words = self.requestline.split()
        if len(words) != 3 or words[2] != self.protocol_version:
            self._refuse(HTTPStatus.BAD_REQUEST, "that is no request of HTTP/1.1")
            return False
        self.command, self.path = words[0], words[1]
        try:
            self.headers = read_fields(self.rfile)
        except HTTPException as error:
            self._refuse(HTTPStatus.BAD_REQUEST, str(error))
            return False
        self.close_connection = "close" in self.headers.get("Connection", "").lower()
        return True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's own name
        """Nothing is logged."""

    def _respond(self) -> None:
        try:
            if not self._is_known():
                self._refuse(HTTPStatus.UNAUTHORIZED, "the token isn't the one of this node")
            elif self.path.startswith(CONTENT):
                self._respond_content(self.path.removeprefix(CONTENT))
            elif self.command == "POST" and self.path[1:] in self.server.answers:
                self._send(HTTPStatus.OK, self.server.answers[self.path[1:]](self._body()))
            else:
                self._refuse(HTTPStatus.NOT_FOUND, "nothing is here")
        except (NoRoom, ContentDamaged) as error:
            has_no_room = isinstance(error, NoRoom)
            status = HTTPStatus.INSUFFICIENT_STORAGE if has_no_room else HTTPStatus.UNPROCESSABLE_ENTITY
            self._refuse(status, error.message)
        except ValueError as error:  # a name, a range or a body that doesn't fit
            self._refuse(HTTPStatus.BAD_REQUEST, str(error))
        except PipelineError as error:
            self._refuse(HTTPStatus.CONFLICT, error.message)
        except OSError as error:  # of the disk; or who asked is gone, and then nobody hears of it
            status = HTTPStatus.INSUFFICIENT_STORAGE if is_full(error) else HTTPStatus.INTERNAL_SERVER_ERROR
            self._refuse(status, f"the node's disk: {error}")
        except Exception as error:  # whoever asked must hear of it
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, f"{type(error).__name__}: {error}")

    do_GET = do_HEAD = do_POST = do_PUT = _respond  # noqa: N815  # the library looks for these names

    def _is_known(self) -> bool:
        words = self.headers.get("Authorization", "").encode()
        return hmac.compare_digest(words, b"Bearer " + self.server.token)

    def _respond_content(self, name: str) -> None:
        if self.command == "POST" and name.endswith(CHECK):
            damaged = self.server.store.drop_damaged(name.removesuffix(CHECK))
            self._send(HTTPStatus.OK, encode({"damaged": damaged}))
        elif self.command == "PUT":
            self._take(name)
        elif self.command in {"GET", "HEAD"}:
            self._give(name)
        else:
            self._refuse(HTTPStatus.METHOD_NOT_ALLOWED, "contents are got and put")

    def _give(self, digest: str) -> None:
        store = self.server.store
        content = store.find(digest)
        if content is None:
            received = {OFFSET: str(store.received(digest))}
            self._send(
                HTTPStatus.NOT_FOUND, b"" if self.command == "HEAD" else encode({"problem": "unknown"}), received
            )
            return
        first, end = wanted(self.headers.get("Range"), content.size)
        with store.hold([digest]), open(store.file(digest), "rb") as file:
            self.send_response_only(HTTPStatus.PARTIAL_CONTENT if "Range" in self.headers else HTTPStatus.OK)
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("Content-Length", str(end - first))
            if "Range" in self.headers:
                self.send_header("Content-Range", f"bytes {first}-{end - 1}/{content.size}")
            self.end_headers()
            if self.command == "GET" and end > first:
                self.wfile.flush()
                self.connection.sendfile(file, first, end - first)

    def _take(self, digest: str) -> None:
        first, end, size = announced(self.headers.get("Content-Range"), int(self.headers.get("Content-Length", "0")))
        self.close_connection = True  # it may be left in the middle
        with self.server.store.receive(digest, size) as partial:
            if partial is None:
                self._send(HTTPStatus.OK, b"{}")
                return
            if partial.offset != first:
                self._send(HTTPStatus.CONFLICT, b"{}", {OFFSET: str(partial.offset)})
                return
            left = end - first
            while left and (data := self.rfile.read1(min(left, COPIED_BYTES))):
                partial.write(data)
                left -= len(data)
        if not left:
            self.close_connection = False
            self._send(HTTPStatus.CREATED if end == size else HTTPStatus.ACCEPTED, b"{}")

    def _body(self) -> bytes:
        """Raises ``ValueError`` for one that is too large, before it is read."""
        text = self.headers.get("Content-Length", "0")
        if self.headers.get("Transfer-Encoding") or not text.isdecimal() or int(text) > LARGEST_BODY:
            raise ValueError("the body is too large, or its length isn't told")
        return self.rfile.read(int(text))

    def _refuse(self, status: HTTPStatus, words: str) -> None:
        self.close_connection = True  # a body that wasn't read would be taken for the next request
        self._send(status, encode({"problem": words}))

    def _send(self, status: HTTPStatus, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response_only(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
