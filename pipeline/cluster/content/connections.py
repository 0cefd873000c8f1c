"""Connections to one server, which are used again: opening one takes longer than a short answer."""

import contextlib
import http.client
import ssl
from collections.abc import Iterator, Mapping
from typing import IO, Any

from pipeline.cluster.content.message_heads import PlainResponse
from pipeline.files import COPIED_BYTES

KEPT = 8  # connections that wait for the next request
SHORT = 64 << 10  # bytes of an answer of which nobody wanted the rest, and which is read all the same

Body = IO[bytes] | bytes | None
NO_HEADERS: Mapping[str, Any] = {}

_BROKEN = (BrokenPipeError, ConnectionResetError)


class Connections:
    """Threads may share it: each request has a connection to itself."""

    def __init__(self, address: str, tls: ssl.SSLContext | None, seconds: float) -> None:
        """``address``: HOST:PORT; ``seconds``: that the other side may say nothing."""
        host, _, port = address.rpartition(":")
        self._host, self._port = host.removeprefix("[").removesuffix("]"), int(port)
        self._tls = tls
        self._seconds = seconds
        self._idle: list[http.client.HTTPConnection] = []

    @contextlib.contextmanager
    def response(
        self, method: str, path: str, body: Body, headers: Mapping[str, str]
    ) -> Iterator[http.client.HTTPResponse]:
        """Every request may come twice: one whose connection had ended meanwhile is sent again.

        Raises ``OSError`` and ``HTTPException``.
        """
        connection, response = self._answered(method, path, body, headers)
        try:
            yield response
            if (response.length or 0) <= SHORT:
                response.read()
        finally:
            self._put_back(connection, response)

    def close(self) -> None:
        """Those that wait."""
        while self._idle:
            self._idle.pop().close()

    __del__ = close

    def _answered(
        self, method: str, path: str, body: Body, headers: Mapping[str, str]
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        start = None if body is None or isinstance(body, bytes) else body.tell()
        with contextlib.suppress(IndexError):
            connection = self._idle.pop()
            try:
                connection.request(method, path, body, headers)
                return connection, connection.getresponse()
            except _BROKEN:  # the server has ended it, or has ended
                connection.close()
                if start is not None and body is not None and not isinstance(body, bytes):
                    body.seek(start)
            except BaseException:
                connection.close()
                raise
        return self._fresh(method, path, body, headers)

    def _fresh(
        self, method: str, path: str, body: Body, headers: Mapping[str, str]
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        connection = self._connection()
        connection.response_class = PlainResponse
        connection.connect()
        try:
            with contextlib.suppress(*_BROKEN):  # its answer may be there all the same
                connection.request(method, path, body, headers)
            return connection, connection.getresponse()
        except BaseException:
            connection.close()
            raise

    def _put_back(self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse) -> None:
        """Only where all of the answer was read: otherwise its rest would be taken for the next one."""
        if response.isclosed() and not response.will_close and len(self._idle) < KEPT:
            self._idle.append(connection)
        else:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        if self._tls is None:
            return WholeRequests(self._host, self._port, timeout=self._seconds, blocksize=COPIED_BYTES)
        return WholeSecureRequests(
            self._host, self._port, timeout=self._seconds, context=self._tls, blocksize=COPIED_BYTES
        )


class WholeRequests(http.client.HTTPConnection):
    """Sends a head and its bytes in one piece: in two, the other side wakes twice for a request."""

    _held: bytearray | None = None

    def request(
        self,
        method: str,
        url: str,
        body: Any = None,
        headers: Mapping[str, Any] = NO_HEADERS,
        *,
        encode_chunked: bool = False,
    ) -> None:
        if not isinstance(body, bytes):
            super().request(method, url, body, headers, encode_chunked=encode_chunked)
            return
        self._held = held = bytearray()
        try:
            super().request(method, url, body, headers, encode_chunked=encode_chunked)
        finally:
            self._held = None
        self.send(held)

    def send(self, data: Any) -> None:
        if self._held is None:
            super().send(data)
        else:
            self._held += data


class WholeSecureRequests(WholeRequests, http.client.HTTPSConnection):
    """By TLS."""
