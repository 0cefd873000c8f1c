"""What asks a content server: contents come and go in ranges, and go on after a break where they broke off."""

import contextlib
import http.client
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from pipeline.cluster.content.connections import Body, Connections
from pipeline.cluster.content.errors import (
    ContentDamaged,
    ContentRefused,
    ContentUnknown,
    ContentUnreachable,
    NoRoom,
)
from pipeline.cluster.content.partial import FILE, PartialContent
from pipeline.cluster.content.sent_file import SentFile
from pipeline.cluster.content.server import CHECK, CONTENT, OFFSET
from pipeline.cluster.content.store import ContentStore
from pipeline.files import COPIED_BYTES, publish, try_remove_tree
from pipeline.values import ValidationError, decode

SECONDS = 30.0  # that the other side may say nothing
TRIES = 5  # in a row that bring nothing
PAUSE = 0.2  # seconds after the first of them; twice as many after each further one

_FAILURES = (OSError, http.client.HTTPException)


class ContentClient:
    """For one server. Threads may share it: each call has a connection to itself."""

    def __init__(
        self, address: str, token: str, tls: ssl.SSLContext | None = None, seconds: float = SECONDS, tries: int = TRIES
    ) -> None:
        """``address``: HOST:PORT."""
        self.address = address
        self._token = token
        self._connections = Connections(address, tls, seconds)
        self._tries = tries

    def close(self) -> None:
        """Let go of the connections that wait for a request."""
        self._connections.close()

    def fetch(self, digest: str, size: int, store: ContentStore, proceed: Callable[[], None] = lambda: None) -> None:
        """Bring a content into a store, unless it is there or comes already; the caller holds it there.

        ``proceed`` is called again and again; what it raises goes through, and what has come stays.

        Raises ``ContentUnknown``, ``ContentDamaged``, ``ContentRefused``, ``ContentUnreachable`` and ``NoRoom``.
        """
        try:
            with store.receive(digest, size) as partial:
                if partial is not None:
                    self._persist(
                        lambda: None if partial.is_whole else partial.offset,
                        lambda _: self._fetch_rest(partial, proceed),
                    )
        except ContentDamaged:
            self.check(digest)  # its own file may be the damaged one
            raise

    def fetch_file(self, digest: str, size: int, target: Path) -> None:
        """As ``fetch``, to a file that isn't there yet; what has come lies beside it until it is whole, and goes where
        the disk has no room for the rest."""
        part = target.with_name(f".{digest[-16:]}.part")  # its own name may be as long as names can be
        try:
            with PartialContent(part, digest, size) as partial:
                self._persist(lambda: None if partial.is_whole else partial.offset, lambda _: self._fetch_rest(partial))
                partial.finish()
        except NoRoom:
            try_remove_tree(part)
            raise
        except ContentDamaged:
            try_remove_tree(part)
            self.check(digest)
            raise
        publish(part / FILE, target)
        try_remove_tree(part)

    def push(self, source: Path, digest: str) -> None:
        """Send a file to the server's store, unless it is there. Raises as ``fetch`` does, and ``OSError``."""
        size = source.stat().st_size
        self._persist(lambda: self.received(digest), lambda first: self._push_rest(source, digest, first, size))

    def received(self, digest: str) -> int | None:
        """How many bytes of a content the server has; ``None`` where it has it as a whole.

        Raises ``ContentRefused``, ``OSError`` and ``HTTPException``.
        """
        try:
            with self._response("HEAD", f"{CONTENT}{digest}"):
                return None
        except ContentUnknown as error:
            return error.received

    def check(self, digest: str) -> bool:
        """Let the server read its content, and remove it where it is damaged; returns whether it was."""
        return bool(decode(self.call(f"{CONTENT}{digest}{CHECK}".lstrip("/"), b""), dict[str, bool]).get("damaged"))

    def call(self, name: str, body: bytes) -> bytes:
        """One of the node's own answers. Raises ``ContentRefused`` and ``ContentUnreachable``."""
        try:
            with self._response("POST", f"/{name}", body) as response:
                return response.read()
        except _FAILURES as error:
            raise self._unreachable(error) from error

    def _persist(self, position: Callable[[], int | None], work: Callable[[int], None]) -> None:
        """Work until there is no position any more. Tries in a row that bring nothing are counted."""
        fruitless, last, reason = 0, -1, "nothing came"
        while True:
            try:
                at = position()
                if at is None:
                    return
                fruitless, last = (0, at) if at > last else (fruitless, last)
                if fruitless < self._tries:
                    work(at)
            except _FAILURES as error:
                reason = _words(error)
            if fruitless >= self._tries:
                raise ContentUnreachable(f"{self.address} has failed {self._tries} times in a row: {reason}")
            time.sleep(PAUSE * 2**fruitless if fruitless else 0)
            fruitless += 1

    def _fetch_rest(self, partial: PartialContent, proceed: Callable[[], None] = lambda: None) -> None:
        proceed()
        headers = {"Range": f"bytes={partial.offset}-"} if partial.offset else {}
        with self._response("GET", f"{CONTENT}{partial.digest}", headers=headers) as response:
            while data := response.read(COPIED_BYTES):
                proceed()
                partial.write(data)

    def _push_rest(self, source: Path, digest: str, first: int, size: int) -> None:
        headers = {"Content-Length": str(size - first)}
        if size:
            headers["Content-Range"] = f"bytes {first}-{size - 1}/{size}"
        with SentFile(source, size) as file:
            file.seek(first)
            with self._response("PUT", f"{CONTENT}{digest}", file, headers) as response:
                response.read()

    @contextlib.contextmanager
    def _response(
        self, method: str, path: str, body: Body = None, headers: Mapping[str, str] | None = None
    ) -> Iterator[http.client.HTTPResponse]:
        own = {"Authorization": f"Bearer {self._token}", **(headers or {})}
        with self._connections.response(method, path, body, own) as response:
            self._require(response, path)
            yield response

    def _require(self, response: http.client.HTTPResponse, path: str) -> None:
        """Raises what the answer says."""
        if response.status < HTTPStatus.BAD_REQUEST:
            return
        words = f"{self.address}: {_plain(response).get('problem', response.reason)}"
        match response.status:
            case HTTPStatus.NOT_FOUND if path.startswith(CONTENT):
                raise ContentUnknown(words, int(response.headers.get(OFFSET, "0")))
            case HTTPStatus.CONFLICT if OFFSET in response.headers:
                raise http.client.HTTPException("another offset is expected")
            case HTTPStatus.INSUFFICIENT_STORAGE:
                raise NoRoom(words)
            case HTTPStatus.UNPROCESSABLE_ENTITY:
                raise ContentDamaged(words)
        raise ContentRefused(words)

    def _unreachable(self, error: Exception) -> ContentUnreachable:
        return ContentUnreachable(f"{self.address} can't be asked: {_words(error)}")


def _plain(response: http.client.HTTPResponse) -> dict[str, Any]:
    try:
        return decode(response.read(), dict[str, Any])
    except (ValidationError, ValueError):
        return {}


def _words(error: BaseException) -> str:
    return str(error) or type(error).__name__
