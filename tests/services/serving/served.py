"""A ``pipeline serve`` that runs, with what it tells."""

import http.client
import json
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from tests.conftest import Sandbox

PATIENCE = 30.0  # seconds


class Served:
    """Ended with the block, if it wasn't before."""

    def __init__(self, sandbox: Sandbox, *words: str | Path) -> None:
        self.sandbox = sandbox
        self.words = words
        self.process = sandbox.start("pipeline", "serve", *words)
        self.events: list[dict[str, Any]] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            event: dict[str, Any] = json.loads(line)
            self.events.append(event)

    def event(self, name: str, version: int = 0) -> dict[str, Any]:
        """The first event of this name (and version), as soon as it is there."""
        found: list[dict[str, Any]]
        found = self.wait(lambda: [each for each in self.told(name) if version in (0, each.get("version"))])
        return found[0]

    def told(self, name: str) -> list[dict[str, Any]]:
        return [each for each in list(self.events) if each.get("event") == name]

    def wait(self, look: Callable[[], Any]) -> Any:
        until = time.monotonic() + PATIENCE
        while not (found := look()):
            assert time.monotonic() < until, self.events
            assert self.process.poll() is None or look(), self.end()
            time.sleep(0.01)
        return found

    def port(self, name: str = "http") -> int:
        return int(self.url(name).rpartition(":")[2])

    def url(self, name: str = "http") -> str:
        """The public one of a port."""
        return str(self.event("ready")["urls"][name])

    def get(self, path: str = "/", name: str = "http", token: str = "") -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port(name), timeout=PATIENCE)
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
        answer = connection.getresponse()
        try:
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Its exit code, and what it said to a person."""
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        assert self.process.stderr
        return code, self.process.stderr.read().decode()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.end()
        for stream in (self.process.stdout, self.process.stderr):
            assert stream
            stream.close()


class RestlessClients:
    """Clients that ask all the time, each on one connection, until the block ends."""

    def __init__(self, port: int, path: str = "/", count: int = 3) -> None:
        self.answers: list[str] = []  # status and body
        self.errors: list[Exception] = []
        self._port, self._path = port, path
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(count)]

    def _ask(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        while not self._is_over.is_set():
            try:
                connection.request("GET", self._path)
                answer = connection.getresponse()
                self.answers.append(f"{answer.status} {answer.read().decode()}")
            except (OSError, http.client.HTTPException) as error:
                self.errors.append(error)
        connection.close()

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join(PATIENCE)
