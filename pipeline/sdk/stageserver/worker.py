"""The worker: one process that runs task after task, and is as good as new before each or leaves."""

import _socket
import gc
import os
import resource
import sys

from stageserver import children
from stageserver.client import Client
from stageserver.perform import flush, perform
from stageserver.process_state import ProcessState
from stageserver.protocol import Answer, receive
from stageserver.server import Server
from stageserver.stage_modules import StageModules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LEASE_IS_OVER = b"i"
POOL_LEFT = "a stage left a pool of threads or processes behind"
QUIET = 0.05  # seconds without an order, after which there is time to tidy up


def run(server: Server, control: _socket.socket) -> None:
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
        code, is_over, began = perform(order, client, self._modules, self._runner)
        self._tasks += 1
        self._files.count_task()
        leaving = self._left_behind() or (POOL_LEFT if is_over else "") or self._reached()
        self._busy.clear()
        if not client.tell(Answer.EXIT, code, leaving, began):
            return leaving or "its report pipe was closed by a stage, or its client is gone"
        flush()
        os.dup2(self._log, 1)  # before what the stage held is let go of, which may say something, too
        os.dup2(self._log, 2)
        self._state.restore(self._modules.variables)
        self._modules.withdraw()
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
        if _peak() > self._limits.memory and (memory := _memory()) > self._limits.memory:
            return "it holds %d MiB of memory" % (memory >> 20)
        return ""


def _peak() -> int:
    """The most bytes that this process has had in memory; asked for in a tenth of the time of ``_memory``."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _memory() -> int:
    """Bytes of this process in memory; the peak where the system doesn't tell."""
    try:
        with open("/proc/self/statm", "rb", buffering=0) as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return _peak()
