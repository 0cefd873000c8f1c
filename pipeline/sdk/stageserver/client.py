"""The client that has the worker: its orders, and the answers to it."""

import _socket
import os
import select

from stageprotocol import Order, encode_beginning
from stageserver.protocol import Answer, is_own_user, receive
from stageserver.suppress import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PATIENCE = 1.0  # seconds for a client that has connected to say why


class Client:
    """Two pipes, and in the keeper the lock that is let go of with them."""

    def __init__(self, orders: int, reports: int, *lock: int) -> None:
        self.orders = orders
        self.reports = reports
        self._lock = lock
        status = os.fstat(reports)
        self._identity = (status.st_dev, status.st_ino)

    def next_order(self) -> "Any":
        """An ``Order``; ``None`` when the client has gone, however it did."""
        return Order.read(self.orders)

    def is_waiting(self, seconds: float) -> bool:
        """Whether there is an order, or the end, within this time."""
        readable, _, _ = select.select([self.orders], [], [], seconds)
        return bool(readable)

    def is_gone(self) -> bool:
        poller = select.poll()
        poller.register(self.orders, 0)
        return bool(poller.poll(0))

    def tell(self, word: str, number: int, reason: str = "", began: "float | None" = None) -> bool:
        """Send an ``Answer``, and with it when the stage's function was called, so that the client wakes up once.

        False where it can't be delivered.
        """
        beginning = b"" if began is None else b"\n" + encode_beginning(began)
        try:
            status = os.fstat(self.reports)  # a stage may have closed it, and opened a file in its place
            if (status.st_dev, status.st_ino) != self._identity:
                return False
            os.write(self.reports, beginning + Answer(word, number, reason).encode())
        except OSError:
            return False
        return True

    def close(self) -> None:
        for descriptor in (*self._lock, self.orders, self.reports):  # who sees their end can have the worker again
            with suppress(OSError):
                os.close(descriptor)


def accept(listener: _socket.socket) -> "tuple[_socket.socket, bytes, list[int]] | None":
    """Who connects, the request, and the descriptors that came with it; ``None`` for one that isn't our user's."""
    try:
        descriptor, _ = listener._accept()  # type: ignore[attr-defined]  # noqa: SLF001  # what ``socket``'s calls
        connection = _socket.socket(fileno=descriptor)
    except OSError:
        return None
    connection.settimeout(PATIENCE)
    try:
        if is_own_user(connection):
            request, descriptors = receive(connection)
            return connection, request, descriptors
    except OSError:
        pass  # it went away, or says nothing
    connection.close()
    return None
