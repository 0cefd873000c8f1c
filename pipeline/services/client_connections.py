"""The supervisor's side of its clients' connections: who uses the service, who asks, and what each is told."""

import contextlib
import select
import socket

from pipeline.sdk.server_protocol import is_own_user
from pipeline.services.wire import HOLD, LONGEST_REQUEST, STATUS, ServiceReport, ServiceRequest
from pipeline.values import ValidationError, decode, encode

LONGEST_UNREAD = 1 << 20  # bytes that a client may leave unread


class Visitor:
    """One connection."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.ask = ""  # what it wants, once it has said so
        self.is_told = False
        self.unsent = b""
        self._request = b""
        connection.setblocking(False)

    def read(self) -> bool:
        """Take what has come; whether the connection is still there."""
        try:
            data = self.connection.recv(LONGEST_REQUEST)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if not data or self.ask:  # who has asked has nothing more to say
            return bool(data)
        self._request += data
        if b"\n" in self._request:
            try:
                self.ask = decode(self._request.partition(b"\n")[0], ServiceRequest).ask
            except (ValidationError, ValueError):
                return False
        return len(self._request) <= LONGEST_REQUEST

    def tell(self, data: bytes) -> bool:
        """Send it, or keep it until it can be sent; whether the connection is still there."""
        self.unsent += data
        try:
            while self.unsent:
                self.unsent = self.unsent[self.connection.send(self.unsent) :]
        except BlockingIOError:
            return len(self.unsent) <= LONGEST_UNREAD
        except OSError:
            return False
        return True


class ClientConnections:
    """All connections, and the socket at which new ones come."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._visitors: list[Visitor] = []
        listener.setblocking(False)

    @property
    def users(self) -> int:
        return sum(visitor.ask == HOLD for visitor in self._visitors)

    def interests(self) -> dict[int, int]:
        """Descriptors, with what of them is waited for."""
        waits = {
            each.connection.fileno(): select.POLLIN | (select.POLLOUT if each.unsent else 0) for each in self._visitors
        }
        return {self._listener.fileno(): select.POLLIN, **waits}

    def work(self, ready: set[int]) -> list[str]:
        """Let in who has come and read what was asked; what of it is to be done: ``stop``, ``kill`` and ``restart``."""
        if self._listener.fileno() in ready:
            self._accept()
        wishes: list[str] = []
        for visitor in list(self._visitors):
            had_asked = bool(visitor.ask)
            if not visitor.read() or not visitor.tell(b""):
                self._let_go(visitor)
            elif visitor.ask and not had_asked:
                wishes.append(visitor.ask)
        return wishes

    def tell(self, report: ServiceReport, is_news: bool) -> None:
        """Everybody where there is news; else those who haven't been told anything yet."""
        line = encode(report) + b"\n"
        for visitor in list(self._visitors):
            if not visitor.ask or (visitor.is_told and not is_news):
                continue
            visitor.is_told = True
            if not visitor.tell(line) or (visitor.ask == STATUS and not visitor.unsent):
                self._let_go(visitor)

    def close(self) -> None:
        """Who is still to be told something gets it, if the system takes it at once."""
        while self._visitors:
            self._visitors.pop().connection.close()
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                connection, _ = self._listener.accept()
                if is_own_user(connection):
                    self._visitors.append(Visitor(connection))
                else:
                    connection.close()

    def _let_go(self, visitor: Visitor) -> None:
        visitor.connection.close()
        self._visitors.remove(visitor)
