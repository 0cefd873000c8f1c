"""A service in its own interpreter: its file is loaded, and its ``serve(stage)`` is called with what it may ask for.

A service is a file with a function ``serve(stage)``, which returns when the service is to end::

    def serve(stage):
        server = Server((stage.host, stage.port("http")), model=load(stage.model("m")), token=stage.token)
        stage.ready()
        server.serve_forever()

The runner loads it by its path. Standard library only, Python 3.8 and later.
"""

import os
import sys

import stageprotocol
from stagekit import Stage, StageFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TOKEN_VARIABLE = "PIPELINE_SERVICE_TOKEN"  # noqa: S105  # its name
TRIES = 50  # to say something while the supervisor's queue is full


class ServiceStage(Stage):  # type: ignore[misc]  # it is called stagekit here
    """What a service sees: its parameters and models, as any stage, and where it is to listen."""

    def port(self, name: str = "") -> int:
        """The number of the port with this name; without one, of its first. ``LookupError`` for other names.

        Listen on it at ``stage.host``. Nobody else gets it until then.
        """
        ports = self._invocation["service"]["ports"]
        if name and name not in ports:
            raise LookupError("the service has no port %r, only %s" % (name, ", ".join(ports)))
        return int(ports[name or next(iter(ports))])

    @property
    def host(self) -> str:
        """The address to listen at, such as 127.0.0.1."""
        return str(self._invocation["service"]["host"])

    @property
    def token(self) -> str:
        """What users of the service have, and others haven't: ``Authorization: Bearer TOKEN``, or as the service likes.

        It is the service's business to look at it.
        """
        return os.environ.get(TOKEN_VARIABLE, "")

    def ready(self) -> None:
        """Say that it can be used now. Where its block has another way to know, it is asked at once."""
        self.notify("READY=1")

    def status(self, text: str) -> None:
        """Say what it is at, such as ``loading the model``: shown to who waits, who waits longer each time."""
        self.notify("STATUS=" + str(text).replace("\n", " "))

    def alive(self) -> None:
        """Say that it still works; for ``alive = {notify = true}``."""
        self.notify("WATCHDOG=1")

    def progress(self, fraction: float, note: str = "") -> None:
        """Shown as ``status``."""
        self.status(("%s %d %%" % (note, 100 * min(max(float(fraction), 0.0), 1.0))).strip())

    def notify(self, *lines: str) -> None:
        """Any message of sd_notify(3). Nothing happens where nobody listens, as in a service that is run by hand."""
        address = os.environ.get("NOTIFY_SOCKET")
        if not address:
            return
        import socket
        import time

        data = "\n".join(lines).encode("utf-8")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            for _ in range(TRIES):
                try:
                    channel.sendto(data, "\0" + address[1:] if address.startswith("@") else address)
                    return
                except (BlockingIOError, InterruptedError):
                    time.sleep(0.02)
                except OSError:
                    return  # the supervisor is gone, and this process soon will be


def main(path: str, runner: "Any") -> int:
    """Run the service of an invocation's file; the exit code of its process."""
    invocation, secrets = _read(path)
    stage = ServiceStage(path, secrets=secrets)
    service = invocation["service"]
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]
    if sys.prefix != service["prefix"]:
        print("this interpreter's prefix is", sys.prefix, "instead of", service["prefix"], file=sys.stderr)
        return int(stageprotocol.EXIT_WRONG_ENVIRONMENT)
    os.chdir(service["folder"])
    runner.show_sources(invocation["stage_file"], invocation["modules"])
    _end_in_order_when_asked()
    try:
        _function_of(runner.load_stage(invocation["stage_file"], invocation["modules"]))(stage)
    except StageFailed as error:
        print("error:", error, file=sys.stderr)
        return int(stageprotocol.EXIT_STAGE_FAILED)
    return 0


def _read(path: str) -> "tuple[dict[str, Any], dict[str, str]]":
    """The invocation, and the secret parameters, which stand in no file."""
    import json

    with open(path, encoding="utf-8") as file:
        invocation = json.load(file)
    if not invocation["service"]["has_secrets"]:
        return invocation, {}
    secrets = json.loads(sys.stdin.buffer.read())
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)  # no program that it starts reads them
    os.close(nothing)
    return invocation, secrets


def _function_of(module: "Any") -> "Any":
    if hasattr(module, "serve"):
        return module.serve
    raise StageFailed("a service needs a function 'serve(stage)', which isn't in %s" % module.__file__)


def _end_in_order_when_asked() -> None:
    """SIGTERM ends a Python program without its ``finally`` and ``with``. A server may set a handler of its own."""
    import signal

    def end(_number: int, _frame: "Any") -> None:
        sys.exit(0)

    signal.signal(signal.SIGTERM, end)
