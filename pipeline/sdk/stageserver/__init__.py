"""The runner as a server: its process stays, so that imports and models are paid once.

``run_stage.py --serve`` with ``server_protocol.ServerArguments``, a listening unix socket as descriptor 0, and the
server's log as 1 and 2. The server is a keeper and its child, the worker, which runs one task after another.

A client takes a lease: over the socket it hands over a pipe for orders, a pipe for reports, and the lock that says the
worker is taken. The keeper owns the lease. It sees when the client is gone, ends what still runs, and sends how it
ended: whatever a stage started is adopted by it (PR_SET_CHILD_SUBREAPER), so nothing is left behind.
"""

import _socket
import os
import sys

from stageserver import worker_lifetime
from stageserver.protocol import ServerArguments
from stageserver.server import Server, ServerFiles

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def main(words: "list[str]", runner: "Any") -> None:
    arguments = ServerArguments.decode(words)
    if os.fork():
        os._exit(0)  # the client collects this process; the server has no parent that would have to
    os.setsid()
    if arguments.lease >= 0:
        os.set_inheritable(arguments.lease, False)  # ours, and not that of programs which a stage leaves running
    listener = _claim_listener()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]
    worker_lifetime.serve(Server(ServerFiles(arguments.folder, arguments.name), arguments, listener, runner))


def _claim_listener() -> "Any":

    listener = _socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return listener
