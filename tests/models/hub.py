"""A model hub on this machine: as much of its protocol as its own client needs, and its ways to go wrong."""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

REPOSITORY = "someone/tiny"
FIRST, SECOND = "1" * 40, "2" * 40
LARGE = 3_000_000  # bytes of model.bin
PROXY_USER = "someone:s3cret"
PROXY_LOGIN = f"Basic {base64.b64encode(PROXY_USER.encode()).decode()}"
PATIENCE = 60  # seconds that something hangs at most


def content(seed: int = 0) -> dict[str, bytes]:
    return {"model.bin": bytes([seed]) * LARGE, "config.json": b'{"seed": %d}' % seed, "README.md": b"read me"}


@dataclass
class Behaviour:
    """What the hub has, and what it does to those who ask."""

    revisions: dict[str, Mapping[str, bytes]] = field(default_factory=lambda: {FIRST: content()})
    main: str = FIRST
    token: str | None = None  # asked for where the repository is gated
    cuts: int = 0  # how many answers break off in the middle
    busy: int = 0  # how many answers are 429 first
    stated: Mapping[str, str] = field(default_factory=dict)  # a wrong SHA-256, by file name
    longer: int = 0  # bytes that are sent beyond the file
    retry_after: str = "1"  # what such an answer says
    hangs: int = 0  # how many requests get no answer
    stalls: int = 0  # how many answers stop in the middle, and the connection stays
    end: threading.Event = field(default_factory=threading.Event)  # of the hub; then nothing hangs any more
    pages: bool = False  # whether every answer is a page for people
    elsewhere: str = ""  # where large files are sent to
    paths: list[str] = field(default_factory=list)  # what was asked for
    tokens: list[str | None] = field(default_factory=list)  # by request
    sent: int = 0  # bytes of weights, without looks at their beginnings


class _Handler(BaseHTTPRequestHandler):
    behaviour: Behaviour
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms for the acknowledgement of its headers

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        here = self.behaviour
        here.paths.append(self.path)
        here.tokens.append(self.headers.get("Authorization"))
        if here.token and self.headers.get("Authorization") != f"Bearer {here.token}":
            self._answer(401, b"{}", {"X-Error-Code": "GatedRepo", "X-Error-Message": "Access is restricted"})
        elif here.hangs:
            here.hangs -= 1
            self._hang()
        elif here.busy:
            here.busy -= 1
            self._answer(429, b"", {"Retry-After": here.retry_after})
        elif here.pages:
            self._answer(200, b"<html>Please log in</html>", {"Content-Type": "text/html"})
        elif self.path.startswith("/api/models/"):
            self._describe(self.path)
        else:
            self._send_file(self.path)

    def _hang(self) -> None:
        self.behaviour.end.wait(PATIENCE)
        self.close_connection = True

    def _describe(self, path: str) -> None:
        named = path.partition("?")[0].partition("/revision/")[2] or "main"
        revision = self.behaviour.main if named == "main" else named
        files = self.behaviour.revisions.get(revision)
        if files is None or f"/{REPOSITORY}" not in path:
            code = "RevisionNotFound" if f"/{REPOSITORY}" in path else "RepoNotFound"
            self._answer(404, b"{}", {"X-Error-Code": code})
            return
        siblings = [self._sibling(name, data) for name, data in files.items()]
        info: dict[str, Any] = {"id": REPOSITORY, "sha": revision, "siblings": siblings, "cardData": {"license": "mit"}}
        info["gated"] = "manual" if self.behaviour.token else False
        self._answer(200, json.dumps(info).encode(), {"Content-Type": "application/json"})

    def _sibling(self, name: str, data: bytes) -> dict[str, Any]:
        described: dict[str, Any] = {"rfilename": name, "size": len(data), "blobId": "b" * 40}
        if name.endswith((".bin", ".safetensors")):
            sha = self.behaviour.stated.get(name) or hashlib.sha256(data).hexdigest()
            described["lfs"] = {"sha256": sha, "size": len(data), "pointerSize": 130}
        return described

    def _send_file(self, path: str) -> None:
        _, _, rest = path.partition("/resolve/")
        revision, _, quoted = rest.partition("/")
        name = unquote(quoted)
        data = self.behaviour.revisions.get(revision, {}).get(name)
        if data is None:
            self._answer(404, b"", {"X-Error-Code": "EntryNotFound"})
            return
        if self.behaviour.elsewhere and name.endswith(".bin"):
            self._answer(302, b"", {"Location": f"{self.behaviour.elsewhere}{path}"})
            return
        begin, end = self._range()
        whole = data + b"x" * self.behaviour.longer if name.endswith(".bin") else data
        rest_of = whole[begin:end]
        if (begin or end) and not rest_of:
            self._answer(416, b"", {})
            return
        self.send_response(206 if begin or end else 200)
        self.send_header("Content-Length", str(len(rest_of)))
        self.send_header("X-Repo-Commit", revision)
        self.send_header("ETag", f'"{revision}-{quoted}"')
        self.end_headers()
        if self.command == "GET":
            self._write(rest_of, name if end is None else "")

    def _range(self) -> tuple[int, int | None]:
        """Where the part that is asked for begins, and where it ends; ``None``: with the file."""
        first, _, last = (self.headers.get("Range") or "bytes=0-")[6:].partition("-")
        return int(first), int(last) + 1 if last else None

    def _write(self, data: bytes, name: str) -> None:
        """``name`` is empty where only the beginning of a file is asked for."""
        if name.endswith(".bin") and self.behaviour.cuts:
            self.behaviour.cuts -= 1
            data = data[: len(data) // 2]
            self.close_connection = True
        if name.endswith(".bin"):
            self.behaviour.sent += len(data)
        is_stalled = bool(self.behaviour.stalls) and name.endswith(".bin")
        try:
            self.wfile.write(data[: len(data) // 2] if is_stalled else data)
        except OSError:
            self.close_connection = True
        if is_stalled:
            self.behaviour.stalls -= 1
            self._hang()

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: a test looks at what was asked for."""


class _Relay(BaseHTTPRequestHandler):
    """A proxy that asks for a name and a password, and sends every request to one hub."""

    hub: str
    asked: list[str]

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.headers.get("Proxy-Authorization") != PROXY_LOGIN:
            self._pass_on(407, {"Proxy-Authenticate": "Basic", "Content-Length": "0"}, b"")
            return
        address = urlsplit(self.path)
        path = urlunsplit(("", "", address.path, address.query, ""))
        headers = {name: value for name, value in self.headers.items() if not name.startswith("Proxy-")}
        with closing(HTTPConnection(self.hub.removeprefix("http://"))) as connection:
            connection.request(self.command, path, headers=headers)
            with connection.getresponse() as answer:
                self._pass_on(answer.status, dict(answer.getheaders()), answer.read())

    def _pass_on(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing, as of the hub."""


@contextmanager
def relaying(hub: str) -> Iterator[tuple[str, list[str]]]:
    """The address of a proxy with name and password, and the addresses that it was asked for."""
    asked: list[str] = []
    with _served(type("Relay", (_Relay,), {"hub": hub, "asked": asked})) as address:
        yield address.replace("://", f"://{PROXY_USER}@"), asked


@contextmanager
def serving(behaviour: Behaviour) -> Iterator[str]:
    """The address of a hub that does so."""
    with _served(type("Handler", (_Handler,), {"behaviour": behaviour})) as address:
        try:
            yield address
        finally:
            behaviour.end.set()


@contextmanager
def _served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
