"""The runner as a server: its process stays, so that imports and models are paid once.

``run_stage.py --serve FOLDER NAME IDLE_SECONDS TASKS MEMORY LEASE`` with a listening unix socket as descriptor 0, and
the server's log as 1 and 2. ``LEASE`` is a descriptor that keeps the environment from being removed as long as a
process of the server has it, or -1. The server is a keeper and its child, the worker, which runs one task after
another.

A client takes a lease: over the socket it hands over a pipe for orders, a pipe for reports, and the lock that says the
worker is taken. The keeper owns the lease. It sees when the client is gone, ends what still runs, and tells how it
ended: whatever a stage started is adopted by it (PR_SET_CHILD_SUBREAPER), so nothing is left behind.

On the report pipe, a line that begins with ``=`` is the server's own; a stage's are JSON:
``=owner PID``, ``=exit CODE [why the worker leaves]``, ``=lost CODE WHY``.
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def main(arguments: "list[str]", runner: "Any") -> None:
    runner.import_beside("stagekit")
    from stageserver import keeper
    from stageserver.place import Limits, Place, Server

    folder, name, idle, tasks, memory, held = arguments
    if os.fork():
        os._exit(0)  # whoever started us collects this process; the server is nobody's child
    os.setsid()
    if int(held) >= 0:
        os.set_inheritable(int(held), False)  # ours, and not that of programs which a stage leaves running
    place = Place(folder, name)
    listener = _claim_listener()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]
    keeper.serve(Server(place, Limits(float(idle), int(tasks), int(memory)), listener, runner))


def _claim_listener() -> "Any":
    import socket

    listener = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return listener
