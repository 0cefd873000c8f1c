"""The runner as a server: its process stays, so that imports, and in a worker models, are paid once.

``run_stage.py --serve KIND FOLDER NAME IDLE_SECONDS TASKS MEMORY LEASE [STAGE_FILE DIGEST [MODULE]...]`` with a
listening unix socket as descriptor 0, the server's lock (fork) or its log (worker) as 1, and its log as 2. ``LEASE`` is
a descriptor that keeps the environment from being removed as long as a process of the server has it, or -1. Two kinds:

* ``worker``: a keeper and its child, the worker, which runs one task after another.
* ``fork``: a template that has loaded one stage, and a handler per client that forks the template for each task.

A client takes a lease: over the socket it hands over a pipe for orders, a pipe for reports and, for a worker, the lock
that says it is taken. The keeper or handler owns the lease. It sees when the client is gone, ends what still runs, and
tells how it ended: whatever a stage started is adopted by it (PR_SET_CHILD_SUBREAPER), so nothing is left behind.

On the report pipe, a line that begins with ``=`` is the server's own; a stage's are JSON:
``=owner PID``, ``=exit CODE [why the worker leaves]``, ``=lost CODE WHY``, ``=refused WHY``.
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def main(arguments: "list[str]", runner: "Any") -> None:
    runner.import_beside("stagekit")
    from stageserver import keeper, template
    from stageserver.place import Limits, Place, Server

    kind, folder, name, idle, tasks, memory, held = arguments[:7]
    if os.fork():
        os._exit(0)  # whoever started us collects this process; the server is nobody's child
    os.setsid()
    if int(held) >= 0:
        os.set_inheritable(int(held), False)  # ours, and not that of programs which a stage leaves running
    place = Place(folder, name)
    listener, lock = _claim_descriptors()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]
    server = Server(place, Limits(float(idle), int(tasks), int(memory)), listener, lock, runner)
    if kind == "worker":
        keeper.serve(server)
    else:
        template.serve(server, *arguments[7:])


def _claim_descriptors() -> "tuple[Any, int]":
    import socket

    listener = socket.socket(fileno=os.dup(0))
    lock = os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return listener, lock
