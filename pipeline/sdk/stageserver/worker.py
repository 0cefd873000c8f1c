"""The worker: one process that runs task after task, and is as good as new before each or leaves."""

import contextlib
import gc
import os
import signal
import socket
import sys

from stageprotocol import Answer, receive
from stageserver import children
from stageserver.client import Client
from stageserver.perform import flush, perform
from stageserver.server import Server
from stageserver.stage_modules import StageModules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO, Any

LEASE_IS_OVER = b"i"
QUIET = 0.005  # seconds without an order, after which there is time to tidy up
CHANGED_BY_STAGES = [
    getattr(signal, name)
    for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGALRM", "SIGCHLD", "SIGPIPE", "SIGUSR1", "SIGUSR2")
    if hasattr(signal, name)
]


def run(server: Server, control: socket.socket) -> None:
    """Leases one after another, until the keeper closes or a task leaves something behind."""
    children.adopt_orphans()
    worker = _Worker(server)
    leaving = ""
    while not leaving:
        _, descriptors = receive(control)
        if not descriptors:
            return
        client = Client(*descriptors)
        leaving = worker.serve(client)
        client.close()
        if not leaving:
            control.send(LEASE_IS_OVER)
    server.files.log("worker %d leaves: %s" % (os.getpid(), leaving))


class _Worker:
    def __init__(self, server: Server) -> None:
        self._files = server.files
        self._limits = server.limits
        self._runner = server.runner
        self._modules = StageModules(server.runner)
        self._busy = server.files.busy(os.getpid())
        self._log = os.dup(2)
        self._tasks = 0
        self._state = ProcessState()

    def serve(self, client: Client) -> str:
        """Run what the client orders. Why this worker can't run more, or nothing when the client is gone."""
        while True:
            if not client.is_waiting(QUIET):
                gc.collect()
            order = client.next_order()
            if order is None:
                return ""
            self._busy.mark(order.token, order.id)
            if client.is_gone():  # looked at after the mark, as the keeper looks at the mark after it saw the end
                self._busy.clear()
                return ""
            leaving = self._task(order, client)
            if leaving:
                return leaving

    def _task(self, order: "Any", client: Client) -> str:
        code = perform(order, client.reports, self._modules, self._runner)
        self._tasks += 1
        self._files.count_task()
        leaving = self._left_behind() or self._reached()
        self._busy.clear()
        if not client.tell(Answer.EXIT, code, leaving):
            return leaving or "its report pipe was closed by a stage, or its client is gone"
        self._state.restore(self._modules.variables)
        os.dup2(self._log, 1)
        os.dup2(self._log, 2)
        return leaving

    def _left_behind(self) -> str:
        if children.end_all():
            return "a stage left a process behind"
        if self._modules.has_thread():
            return "a stage left a thread behind"
        return ""

    def _reached(self) -> str:
        if self._tasks >= self._limits.tasks:
            return "it has run %d tasks" % self._tasks
        memory = _memory()
        if memory > self._limits.memory:
            return "it holds %d MiB of memory" % (memory >> 20)
        return ""


def _memory() -> int:
    """Bytes of this process in memory."""
    try:
        with open("/proc/self/statm", "rb", buffering=0) as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


class ProcessState:
    """What a stage may have changed in its process, as it was before the first.

    What is imported stays, and with it the variables that were set for that.
    """

    def __init__(self) -> None:
        self._variables = dict(os.environ)
        self._streams = sys.stdin, sys.stdout, sys.stderr
        self._path = list(sys.path)
        self._arguments = list(sys.argv)
        self._mask = os.umask(0o077)
        os.umask(self._mask)
        self._handlers = {number: signal.getsignal(number) for number in CHANGED_BY_STAGES}

    def restore(self, imported: "dict[str, str]") -> None:
        flush()
        wanted = {**self._variables, **imported}
        if dict(os.environ) != wanted:
            os.environ.clear()
            os.environ.update(wanted)
        self._restore_streams()
        sys.path[:] = self._path
        sys.argv[:] = self._arguments
        os.umask(self._mask)
        os.chdir("/")
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in self._handlers.items():
            if signal.getsignal(number) is not handler and handler is not None:
                with contextlib.suppress(OSError, ValueError):
                    signal.signal(number, handler)

    def _restore_streams(self) -> None:
        if any(stream.closed for stream in self._streams):  # by the stage, which the next one must not notice
            self._streams = _stream(0, "r"), _stream(1, "w"), _stream(2, "w")
        sys.stdin, sys.stdout, sys.stderr = self._streams


def _stream(descriptor: int, mode: str) -> "IO[Any]":
    return open(descriptor, mode, buffering=1, errors="backslashreplace", closefd=False)
