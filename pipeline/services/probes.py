"""One try to find out how a service is, which never keeps its supervisor waiting.

Whether the answers make it ready is decided in ``service_health.py``.
"""

import errno
import os
import select
import socket
from collections.abc import Mapping
from typing import Protocol

from pipeline import child_process, process, process_tree
from pipeline.sdk import command_words
from pipeline.services.definition import CommandProbe, HttpProbe, TcpProbe
from pipeline.services.events import TryResult
from pipeline.services.ports import reachable

FINE = range(200, 400)
BUSY = 429  # it answers, so it lives
LONGEST_LINE = 4096


class Try(Protocol):
    """One that has begun."""

    def waits_for(self) -> tuple[int, int] | None:
        """A descriptor and what of it (``select.POLLIN`` and the like); ``None``: nothing that can be waited for."""

    def result(self) -> TryResult | None:
        """``None`` while there is none."""

    def close(self) -> None: ...


class ConnectionTry:
    """Whether a port takes connections."""

    def __init__(self, host: str, port: int) -> None:
        self._where = f"port {port}"
        self._socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setblocking(False)
        self._problem = self._socket.connect_ex((reachable(host), port))
        self._is_connected = not self._problem

    def waits_for(self) -> tuple[int, int] | None:
        return self._socket.fileno(), select.POLLOUT

    def result(self) -> TryResult | None:
        return self._connected() or TryResult(True)

    def close(self) -> None:
        self._socket.close()

    def _connected(self) -> TryResult | None:
        """What is wrong; ``None`` once there is a connection."""
        if self._is_connected:
            return None
        if self._problem not in {errno.EINPROGRESS, errno.EWOULDBLOCK}:
            return self._refused(self._problem)
        self._problem = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if self._problem:
            return self._refused(self._problem)
        self._is_connected = True
        return None

    def _refused(self, number: int) -> TryResult:
        if number == errno.ECONNREFUSED:
            return TryResult(False, f"nothing listens on {self._where}", was_noticed=False)
        return TryResult(False, f"{self._where} can't be reached: {os.strerror(number)}")


class HttpTry(ConnectionTry):
    """How a GET is answered: only the first line is read."""

    def __init__(self, host: str, port: int, path: str, is_alive_enough: bool) -> None:
        super().__init__(host, port)
        self._path = path
        self._is_alive_enough = is_alive_enough  # a server that is busy is well, too
        lines = (f"GET {path} HTTP/1.1", f"Host: {host}:{port}", "User-Agent: pipeline", "Accept: */*")
        self._unsent = "\r\n".join([*lines, "Connection: close", "", ""]).encode("ascii")
        self._answer = b""

    def waits_for(self) -> tuple[int, int] | None:
        return self._socket.fileno(), select.POLLOUT if self._unsent else select.POLLIN

    def result(self) -> TryResult | None:
        problem = self._connected()
        if problem:
            return problem
        try:
            if self._unsent:
                self._unsent = self._unsent[self._socket.send(self._unsent) :]
            return self._read()
        except BlockingIOError:
            return None
        except OSError as error:
            return TryResult(False, f"{self._path} was cut off: {error.strerror}")

    def _read(self) -> TryResult | None:
        while b"\n" not in self._answer and len(self._answer) < LONGEST_LINE:
            data = self._socket.recv(LONGEST_LINE)
            if not data:
                return TryResult(False, f"{self._path} was answered with nothing")
            self._answer += data
        words = self._answer.split(b"\n", 1)[0].split()
        if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():
            return TryResult(False, f"{self._where} was answered with something that isn't HTTP")
        code = int(words[1])
        is_well = code in FINE or (self._is_alive_enough and code == BUSY)
        return TryResult(is_well, "" if is_well else f"{self._path} was answered with {code}")


class CommandTry:
    """How a command ends."""

    def __init__(self, words: list[str], variables: Mapping[str, str], log: int) -> None:
        """Raises ``OSError`` where it can't be started. ``log``: a descriptor that gets what it prints."""
        self._name = words[0]
        program = command_words.find_program(words[0], variables.get("PATH", os.defpath))
        if program is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), words[0])
        nothing = os.open(os.devnull, os.O_RDONLY)
        try:
            self._child = process.spawn([program, *words[1:]], variables, nothing, log, log)
        finally:
            os.close(nothing)
        self._ended = child_process.exit_descriptor(self._child)

    @property
    def pid(self) -> int:
        return self._child.pid

    def waits_for(self) -> tuple[int, int] | None:
        return None if self._ended is None else (self._ended, select.POLLIN)

    def result(self) -> TryResult | None:
        code = self._child.poll()
        if code is None:
            return None
        return TryResult(not code, "" if not code else f"{self._name} ended with {code}")

    def close(self) -> None:
        if self._child.returncode is None:
            process_tree.kill_tree(self._child.pid)
            self._child.wait()
        if self._ended is not None:
            os.close(self._ended)


def of_connection(way: HttpProbe | TcpProbe, host: str, ports: Mapping[str, int], is_ready: bool) -> Try:
    """Begin a try. ``is_ready``: it is asked whether the service is still alive. Raises ``OSError``."""
    if isinstance(way, HttpProbe):
        return HttpTry(host, ports[way.port], way.path, is_ready)
    return ConnectionTry(host, ports[way.port])


def of_command(way: CommandProbe, ports: Mapping[str, int], variables: Mapping[str, str], log: int) -> CommandTry:
    """As ``of_connection``."""
    words = command_words.words(way.command, lambda _, name: str(ports[name]))
    return CommandTry(words, variables, log)
