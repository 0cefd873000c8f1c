"""Services of a few lines, run by this interpreter."""

import select
import sys
import textwrap
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

from pipeline.services.client import ServiceClient, connect
from pipeline.services.definition import HttpProbe, ServiceDefinition, ServiceProbe, Stop
from pipeline.services.folder import STATUS_FILE, ServiceFolder
from pipeline.services.order import ServiceOrder
from pipeline.services.status import ServiceState, ServiceStatus
from pipeline.services.wire import ServiceReport
from pipeline.values import decode

KEY = "0123456789abcdef0123"
BOUND = 30.0  # seconds in which anything must have happened
HEALTH = ServiceProbe(HttpProbe("/health"), start_timeout=BOUND)
# A server that says how well it is, and does what a test wants of it.
SERVER = """
import http.server, os, signal, sys, threading, time

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/slow":
            time.sleep(1)
        if self.path == "/die":
            os._exit(3)
        if self.path == "/pid":
            return self.answer(200, str(os.getpid()))
        code = 200 if time.monotonic() >= READY_AT else 503
        self.answer(code, "well" if code == 200 else "loading")

    def answer(self, code, text):
        self.send_response(code)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass

READY_AT = time.monotonic()

def serve(stage):
    global READY_AT
    {body}
    with http.server.ThreadingHTTPServer((stage.host, stage.port()), Handler) as server:
        server.daemon_threads = False
        server.serve_forever()
"""


def definition(ready: ServiceProbe = HEALTH, **named: Any) -> ServiceDefinition:
    return ServiceDefinition(ready=ready, **{"idle_seconds": 0.2, "stop": Stop(timeout=3.0), **named})


def serving(body: str = "pass") -> str:
    """The server, whose ``serve`` does this before it listens."""
    return SERVER.replace("{body}", textwrap.indent(body, "    ").strip())


class Services:
    """Services of one test, and their users."""

    def __init__(self, runtime: Path, folder: Path) -> None:
        self.runtime = runtime
        self._folder = folder
        self._clients: list[ServiceClient] = []

    def order(
        self,
        source: str,
        service: ServiceDefinition | None = None,
        key: str = KEY,
        variables: Mapping[str, str] | None = None,
        **named: Any,
    ) -> ServiceOrder:
        """``source``: of a whole file."""
        file = self._folder / f"{key}.py"
        file.write_text(source)
        invocation = {"arguments": {"parameters": {"n": 1}}, "models": {}, "inputs": {}, "cpus": 1}
        return ServiceOrder(
            key=key,
            name="server",
            project=str(self._folder),
            definition=service or definition(),
            variables={"PATH": "/usr/bin:/bin", **(variables or {})},
            **{
                "python": sys.executable,
                "prefix": sys.prefix,
                "stage_file": str(file),
                "invocation": invocation,
                **named,
            },
        )

    def use(self, order: ServiceOrder) -> ServiceClient:
        client = connect(self.runtime, order)
        self._clients.append(client)
        return client

    def started(self, source: str, service: ServiceDefinition | None = None, **named: Any) -> ServiceClient:
        return self.use(self.order(source, service, **named))

    def file(self, name: str, key: str = KEY) -> Path:
        return ServiceFolder.of(self.runtime, key).file(name)

    def report(self, key: str = KEY) -> ServiceReport:
        return decode(self.file(STATUS_FILE, key).read_bytes(), ServiceReport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._clients:
            client.close()


def ready(client: ServiceClient) -> ServiceStatus:
    status = client.wait_ready(BOUND)
    assert status.state is ServiceState.READY, status
    return status


def start_seconds(services: Services) -> float:
    """A time in which a server has begun to answer, on a machine that is as busy as it is now."""
    began = time.monotonic()
    with services.started(serving(), key="1" * 20) as client:
        ready(client)
    return max(0.7, 4 * (time.monotonic() - began))


def over(client: ServiceClient) -> ServiceStatus:
    """Its status once it has failed or ended."""
    return until(client, lambda status: status.is_over)


def until(client: ServiceClient, holds: Callable[[ServiceStatus], bool]) -> ServiceStatus:
    end = time.monotonic() + BOUND
    while not holds(status := client.status()):
        assert time.monotonic() < end, status
        poller = select.poll()
        poller.register(client, select.POLLIN)
        poller.poll(1000)
    return status


def got(status: ServiceStatus, path: str, port: str = "http") -> str:
    with urllib.request.urlopen(f"{status.urls[port]}{path}", timeout=BOUND) as answer:
        return str(answer.read().decode())
