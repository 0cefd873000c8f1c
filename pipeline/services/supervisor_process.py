"""A supervisor as a process of its own, which belongs to nobody: its order is on its standard input."""

import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from pipeline import process


def main(words: Sequence[str]) -> None:
    """``words``: the service's folder, and the descriptor of the socket at which its clients come."""
    data = sys.stdin.buffer.read()  # before the fork: who starts it removes what it reads from
    process.leave_parent()
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.chdir("/")  # it keeps nobody's folder busy
    from pipeline.services.folder import ServiceFolder
    from pipeline.services.order import ServiceOrder
    from pipeline.services.supervisor import Supervisor
    from pipeline.values import decode

    folder, descriptor = words
    os.set_inheritable(int(descriptor), False)
    listener = socket.socket(fileno=int(descriptor))
    Supervisor(decode(data, ServiceOrder), ServiceFolder(Path(folder)), listener).run()
