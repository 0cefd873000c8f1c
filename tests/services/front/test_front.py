"""Versions of a service take turns behind their front, and no request is lost."""

import asyncio
import http.client
import itertools
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pipeline.services.front.backends import Backend
from pipeline.services.front.front import Front

PATIENCE = 20.0  # seconds
pytestmark = pytest.mark.usefixtures("spawning")  # servers and clients, which wait for one another


class Version(ThreadingHTTPServer):
    """A version of a service, which answers with its name."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, name: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.name = name
        self.seconds = 0.0  # that an answer takes
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def backend(self) -> Backend:
        return Backend(self.name, {"http": ("127.0.0.1", self.server_port)})

    def stop(self) -> None:
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Version

    def do_GET(self) -> None:
        time.sleep(self.server.seconds)
        self._answer(self.server.name.encode())

    def do_POST(self) -> None:
        if self.path == "/refuse":
            self.send_response(413)
            self.send_header("Content-Length", "0")
            self.send_header("Connection", "close")
            self.end_headers()
            self.close_connection = True
            return
        size = int(self.headers.get("Content-Length", 0))
        self._answer(self.server.name.encode() + b" " + str(len(self.rfile.read(size))).encode())

    def do_HEAD(self) -> None:
        self._answer(b"")

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        if self.path == "/chunked":
            self.send_header("Transfer-Encoding", "chunked")
            body = b"".join(b"1\r\n" + bytes([each]) + b"\r\n" for each in body) + b"0\r\n\r\n"
        elif self.path == "/endless":
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


class RunningFront:
    """A front in an event loop of its own."""

    def __init__(self, hold_seconds: float) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.front = Front(hold_seconds)
        self.do(self.front.listen("127.0.0.1", {"http": 0}))
        self.port = self.front.ports["http"]

    def do(self, work: "Callable[[], object] | object") -> object:
        async def called() -> object:
            return work() if callable(work) else await work  # type: ignore[misc]

        return asyncio.run_coroutine_threadsafe(called(), self._loop).result(PATIENCE)

    def switch(self, version: Version | None) -> Backend | None:
        before = self.do(lambda: self.front.switch(version.backend if version else None))
        assert before is None or isinstance(before, Backend)
        return before

    def stop(self) -> None:
        self.do(self.front.close(0.0))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()


@contextmanager
def serving(*names: str, hold_seconds: float = 5.0) -> Iterator[tuple[RunningFront, list[Version]]]:
    versions = [Version(name) for name in names]
    running = RunningFront(hold_seconds)
    running.switch(versions[0] if versions else None)
    try:
        yield running, versions
    finally:
        running.stop()
        for version in versions:
            version.stop()


def asked(port: int, path: str = "/", method: str = "GET", body: bytes | None = None) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request(method, path, body)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@pytest.mark.parametrize("path", ["/", "/chunked", "/endless"])
def test_an_answer_comes_through_whatever_tells_its_end(path: str) -> None:
    with serving("one") as (running, _):
        assert asked(running.port, path) == (200, "one")


def test_a_large_request_comes_through() -> None:
    with serving("one") as (running, _):
        assert asked(running.port, "/", "POST", b"x" * 5_000_000) == (200, "one 5000000")


def test_an_answer_before_the_end_of_its_request_is_seen() -> None:
    with serving("one") as (running, _):
        assert asked(running.port, "/refuse", "POST", b"x" * 300_000)[0] == 413


def test_requests_on_one_connection_go_to_the_version_that_serves_now() -> None:
    with serving("one", "two") as (running, (_, two)):
        connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=PATIENCE)
        said = []
        for before_last in (True, False):
            connection.request("GET", "/")
            said.append(connection.getresponse().read())
            if before_last:
                running.switch(two)
        connection.close()
        assert said == [b"one", b"two"]


def test_a_request_that_has_begun_is_answered_by_its_version_and_waited_for() -> None:
    with serving("slow", "new") as (running, (slow, new)):
        slow.seconds = 0.5
        answers: list[tuple[int, str]] = []
        thread = threading.Thread(target=lambda: answers.append(asked(running.port)))
        thread.start()
        while not (current := running.front.backends.current) or not current.requests:
            time.sleep(0.01)
        before = running.switch(new)
        assert before
        assert asked(running.port) == (200, "new")
        assert running.do(before.drained(0.01)) is False
        assert running.do(before.drained(PATIENCE)) is True
        thread.join(PATIENCE)
        assert answers == [(200, "slow")]


def test_a_client_that_sends_all_the_time_loses_no_request_while_versions_are_replaced() -> None:
    """Some on one connection, some on a new one each time; each version is stopped when it is drained."""
    with serving("0") as (running, versions):
        stop, answers, errors = threading.Event(), list[str](), list[Exception]()

        def send(reuses: bool) -> None:
            connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=PATIENCE)
            while not stop.is_set():
                try:
                    connection.request("POST", "/", b"x" * 1000)
                    answers.append(connection.getresponse().read().decode())
                except (OSError, http.client.HTTPException) as error:
                    errors.append(error)
                if not reuses:
                    connection.close()
            connection.close()

        threads = [threading.Thread(target=send, args=(reuses,)) for reuses in (True, True, False, False)]
        for thread in threads:
            thread.start()
        for number in range(1, 11):
            time.sleep(0.05)
            versions.append(Version(str(number)))
            before = running.switch(versions[-1])
            assert before
            assert running.do(before.drained(PATIENCE))
            versions[-2].stop()
        time.sleep(0.05)
        stop.set()
        for thread in threads:
            thread.join(PATIENCE)
        assert not errors
        assert {answer.split()[0] for answer in answers} == {str(number) for number in range(11)}
        assert all(answer.endswith(" 1000") for answer in answers)
        del versions[:-1]


def test_while_no_version_serves_requests_wait() -> None:
    with serving("one") as (running, (one,)):
        running.switch(None)
        threading.Timer(0.3, lambda: running.switch(one)).start()
        assert asked(running.port) == (200, "one")


def test_a_request_that_nobody_answers_in_time_is_told_so() -> None:
    with serving(hold_seconds=0.1) as (running, _):
        assert asked(running.port)[0] == 503


def test_a_version_that_dies_over_a_request_is_told_as_one() -> None:
    with serving() as (running, _), socketserver.TCPServer(("127.0.0.1", 0), _Closing) as dying:
        threading.Thread(target=dying.serve_forever, args=(0.01,), daemon=True).start()
        running.do(lambda: running.front.switch(Backend("dying", {"http": dying.server_address})))  # type: ignore[dict-item]
        assert asked(running.port)[0] == 502
        dying.shutdown()


class _Closing(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.recv(1000)


class _Echo(socketserver.BaseRequestHandler):
    """Speaks first, and says what it hears then."""

    def handle(self) -> None:
        self.request.sendall(b"hello ")
        while data := self.request.recv(1000):
            self.request.sendall(data)


@pytest.mark.parametrize("first", [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01", b""])
def test_another_protocol_is_passed_on_byte_for_byte(first: bytes) -> None:
    with serving() as (running, _), socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Echo) as other:
        threading.Thread(target=other.serve_forever, args=(0.01,), daemon=True).start()
        running.do(lambda: running.front.switch(Backend("other", {"http": other.server_address})))  # type: ignore[dict-item]
        with socket.create_connection(("127.0.0.1", running.port), PATIENCE) as client:
            client.sendall(first)
            said = _read(client, len(b"hello ") + len(first))
            client.sendall(b"more")
            said += _read(client, 4)
        other.shutdown()
        assert said == b"hello " + first + b"more"


def _read(client: socket.socket, count: int) -> bytes:
    return b"".join(itertools.takewhile(bool, (client.recv(1) for _ in range(count))))


def test_a_head_without_end_is_refused() -> None:
    with serving("one") as (running, _), socket.create_connection(("127.0.0.1", running.port), PATIENCE) as client:
        client.sendall(b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000)
        assert client.recv(100).startswith(b"HTTP/1.1 431 ")


def test_a_front_that_closes_answers_what_it_has() -> None:
    with serving("slow") as (running, (slow,)):
        slow.seconds = 0.3
        answers: list[tuple[int, str]] = []
        thread = threading.Thread(target=lambda: answers.append(asked(running.port)))
        thread.start()
        while not (current := running.front.backends.current) or not current.requests:
            time.sleep(0.01)
        running.do(running.front.close(PATIENCE))
        thread.join(PATIENCE)
        assert answers == [(200, "slow")]
        with pytest.raises(ConnectionRefusedError):
            asked(running.port)


class _Upgrading(socketserver.BaseRequestHandler):
    """Asks for the body of a request, or speaks another protocol from then on."""

    def handle(self) -> None:
        said = b""
        while b"\r\n\r\n" not in said:
            said += self.request.recv(1000)
        if b"Upgrade:" in said:
            self.request.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n")
            while data := self.request.recv(1000):
                self.request.sendall(data)
            return
        self.request.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = self.request.recv(1000)
        self.request.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


@contextmanager
def upgrading() -> Iterator[socket.socket]:
    """A client of such a server, through a front."""
    with serving() as (running, _), socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Upgrading) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        running.do(lambda: running.front.switch(Backend("one", {"http": server.server_address})))  # type: ignore[dict-item]
        with socket.create_connection(("127.0.0.1", running.port), PATIENCE) as client:
            yield client
        server.shutdown()


def test_a_client_that_waits_to_be_asked_for_its_body_is_asked() -> None:
    with upgrading() as client:
        client.sendall(b"POST / HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        assert _read(client, 25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"hello")
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
        assert _read(client, len(answer)) == answer


def test_a_connection_that_changes_its_protocol_is_passed_on() -> None:
    with upgrading() as client:
        client.sendall(b"GET /chat HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x05")
        head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n"
        assert _read(client, len(head)) == head
        client.sendall(b"\x00more")
        assert _read(client, 7) == b"\x81\x05\x00more"
