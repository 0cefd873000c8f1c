"""The ports of a service: chosen so that nobody else gets them before its program does."""

import errno
import socket
import sys
from collections.abc import Mapping, Sequence
from typing import Self

SOCKET_PREFIXES = ("tcp", "grpc")  # of names of ports that aren't spoken to by HTTP


class PortTaken(Exception):
    """Another program has a port; the message says which."""


class ReservedPorts:
    """Ports by name. Linux keeps each for whoever binds it with SO_REUSEADDR or SO_REUSEPORT, as nearly all servers do:
    a socket that is bound and doesn't listen is in nobody's way then, and the port is given to no other program.

    ``is_held=False``: only the numbers are chosen, for a program that sets neither.
    Raises ``PortTaken`` where a port of ``fixed`` isn't free, and ``OSError``.
    """

    def __init__(
        self, names: Sequence[str], host: str, fixed: Mapping[str, int] | None = None, is_held: bool = True
    ) -> None:
        self.host = host
        self.numbers: dict[str, int] = {}
        self._sockets: list[socket.socket] = []
        try:
            for name in names:
                self.numbers[name] = self._reserved((fixed or {}).get(name, 0), name)
        except BaseException:
            self.close()
            raise
        if not is_held or not sys.platform.startswith("linux"):
            self.close()

    @property
    def urls(self) -> dict[str, str]:
        """By name: ``http://HOST:PORT``, or ``tcp://HOST:PORT`` where the name begins with ``tcp`` or ``grpc``."""
        return {
            name: f"{_scheme(name)}://{_shown(reachable(self.host))}:{number}" for name, number in self.numbers.items()
        }

    def close(self) -> None:
        while self._sockets:
            self._sockets.pop().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _reserved(self, number: int, name: str) -> int:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        reserved = socket.socket(family, socket.SOCK_STREAM)
        self._sockets.append(reserved)
        if number:  # a socket that waits for its last packets is in the way otherwise
            _let_others_bind(reserved)
        try:
            reserved.bind((self.host, number))
        except OSError as error:
            if number and error.errno in {errno.EADDRINUSE, errno.EACCES}:
                reason = "is taken by another program" if error.errno == errno.EADDRINUSE else "may not be used by you"
                raise PortTaken(f"port {number} ({name}) {reason}") from error
            raise
        _let_others_bind(reserved)  # only now: before, it could get a number that another one has reserved
        return int(reserved.getsockname()[1])


def _let_others_bind(reserved: socket.socket) -> None:
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "SO_REUSEPORT"):
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)


def reachable(host: str) -> str:
    """An address at which a program is reached that listens on all of the machine's."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # nothing is bound here


def _scheme(name: str) -> str:
    return "tcp" if name.startswith(SOCKET_PREFIXES) else "http"


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
