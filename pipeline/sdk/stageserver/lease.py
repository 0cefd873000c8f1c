"""What a client hands over, and what it orders."""

import contextlib
import os
import select
import socket
import struct
from array import array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PATIENCE = 1.0  # seconds for a client that has connected to say why


class Order:
    """One task: fields separated by NUL, ended by NUL and newline, since a path may hold a newline."""

    def __init__(self, data: bytes) -> None:
        fields = data[:-2].decode("utf-8", "surrogateescape").split("\0")
        self.id, self.token, self.prefix, self.stage_file, self.digest, self.invocation, self.log, self.cwd = fields[:8]
        self.modules = fields[8:]


class Lease:
    """Two pipes, and the lock that is let go of with the lease; the worker itself has no part in the lock."""

    def __init__(self, orders: int, reports: int, *lock: int) -> None:
        self.orders = orders
        self.reports = reports
        self._lock = lock
        status = os.fstat(reports)
        self._identity = (status.st_dev, status.st_ino)

    def next_order(self) -> "Order | None":
        """``None`` when the client has ended the lease, however it did."""
        data = b""
        while not data.endswith(b"\0\n"):
            chunk = os.read(self.orders, 65536)
            if not chunk:
                return None
            data += chunk
        return Order(data)

    def is_waiting(self, seconds: float) -> bool:
        """Whether there is an order, or the end, within this time."""
        readable, _, _ = select.select([self.orders], [], [], seconds)
        return bool(readable)

    def is_over(self) -> bool:
        """Whether the client is gone."""
        poller = select.poll()
        poller.register(self.orders, 0)
        return bool(poller.poll(0))

    def tell(self, *words: object) -> bool:
        """A line of our own, which begins anew: a stage may have left half of one. False where nobody can hear it."""
        line = " ".join(str(word).replace("\n", " ") for word in words)[:2000]
        try:
            status = os.fstat(self.reports)  # a stage may have closed it, and opened a file in its place
            if (status.st_dev, status.st_ino) != self._identity:
                return False
            os.write(self.reports, ("\n=" + line + "\n").encode("utf-8", "backslashreplace"))
        except OSError:
            return False
        return True

    def close(self) -> None:
        for descriptor in (self.orders, self.reports, *self._lock):
            with contextlib.suppress(OSError):
                os.close(descriptor)


def accept(listener: socket.socket) -> "tuple[socket.socket, bytes, list[int]] | None":
    """A client's connection, its request, and the descriptors it sent; ``None`` for one that isn't our user's."""
    try:
        connection, _ = listener.accept()
    except OSError:
        return None
    connection.settimeout(PATIENCE)
    try:
        if _is_ours(connection):
            request, descriptors = receive(connection)
            return connection, request, descriptors
    except OSError:
        pass  # it went away, or says nothing
    connection.close()
    return None


def send(connection: socket.socket, request: bytes, descriptors: "list[int]") -> None:
    connection.sendmsg([request], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", descriptors))])


def receive(connection: socket.socket) -> "tuple[bytes, list[int]]":
    size = array("i").itemsize
    flags = getattr(socket, "MSG_CMSG_CLOEXEC", 0)
    request, ancillary, _, _ = connection.recvmsg(64, socket.CMSG_SPACE(3 * size), flags)
    received = array("i")
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            received.frombytes(data[: len(data) - len(data) % size])
    descriptors = list(received)
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    return request, descriptors


def _is_ours(connection: "Any") -> bool:
    """The folder admits nobody else; this is for the case that somebody opened it."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    _, user, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return bool(user == os.geteuid())
