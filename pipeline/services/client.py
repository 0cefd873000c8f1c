"""Using a service: its supervisor is found, or started, and the service is held as long as the client is open."""

import contextlib
import json
import os
import select
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from pipeline import child_process, process
from pipeline.executors.runtime_folder import Unavailable
from pipeline.services.folder import ERRORS, ServiceFolder
from pipeline.services.invocation import OF_THE_STARTER
from pipeline.services.order import ServiceOrder
from pipeline.services.standard_input import standard_input
from pipeline.services.status import FailureKind, ServiceFailure, ServiceState, ServiceStatus
from pipeline.services.wire import HOLD, ServiceReport, ServiceRequest
from pipeline.values import decode, encode, replace

PACKAGES = Path(__file__).parents[2]  # where ours lies
# Isolated, so that no file of the caller's folder hides a library; what the caller can import comes last.
PROGRAM = (
    "import json, sys; sys.path += [each for each in json.loads(sys.argv.pop(1)) if each not in sys.path];"
    "from pipeline.services.supervisor_process import main; main(sys.argv[1:])"
)
CHUNK = 1 << 16
LAST_BYTES, LAST_LINES = 4096, 20
COLLECTION = 10.0  # seconds for the process that starts the supervisor to end
SUPERVISOR_ENDED = "its supervisor ended without a word"


class ServiceClient:
    """Holds a service until it is closed, or its process ends, however that ends."""

    def __init__(self, connection: socket.socket, folder: ServiceFolder, order: ServiceOrder | None = None) -> None:
        """``order``: where the supervisor was found, which may have been about to end."""
        self._connection = connection
        self._folder = folder
        self._order = order
        self._unread = b""
        self._status = ServiceStatus(state=ServiceState.STARTING)
        self._is_at_end = False
        self.has_started = order is None  # whether its supervisor was started for it
        connection.setblocking(False)

    def fileno(self) -> int:
        """Readable when the status has changed."""
        return self._connection.fileno()

    def status(self) -> ServiceStatus:
        """As it is now, as far as is known; nothing is waited for."""
        while not self._is_at_end and self._read():
            pass
        return self._status

    def wait_ready(self, timeout: float) -> ServiceStatus:
        """The status once it is ready, or over, or after so many seconds."""
        until = time.monotonic() + timeout
        while True:
            status = self.status()
            left = until - time.monotonic()
            if status.state is ServiceState.READY or status.is_over or left <= 0:
                return status
            poller = select.poll()
            poller.register(self._connection, select.POLLIN)
            poller.poll(left * 1000 + 1)

    def close(self) -> None:
        """It isn't used any more, at least not here."""
        self._connection.close()
        self._is_at_end = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self) -> bool:
        """Whether anything had come."""
        try:
            data = self._connection.recv(CHUNK)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        *lines, self._unread = (self._unread + data).split(b"\n")
        if lines:
            self._status = decode(lines[-1], ServiceReport).status
            self._order = None
        if not data and not self._is_connected_again():
            self._is_at_end = True
            self._note_end()
        return True

    def _is_connected_again(self) -> bool:
        """Whether there is another supervisor in the place of one that ended before it had said a word."""
        order, self._order = self._order, None
        if order is None:
            return False
        try:
            other, self.has_started = _connected(self._folder, order)
        except (Unavailable, OSError):
            return False
        with other:
            os.dup2(other.fileno(), self._connection.fileno(), inheritable=False)  # who waits for it knows the number
        return True

    def _note_end(self) -> None:
        if self._status.is_over:
            return
        is_new = not self._status.started_at
        kind = FailureKind.START_FAILED if is_new else FailureKind.CRASHED
        failure = ServiceFailure(kind, SUPERVISOR_ENDED, _last_lines(self._folder.file(ERRORS)))
        self._status = replace(self._status, state=ServiceState.FAILED, failure=failure)


def connect(runtime: Path, order: ServiceOrder, keeping: Sequence[int] = ()) -> ServiceClient:
    """A client of the service of ``order.key``, which is started where it isn't there; it need not be ready yet.

    ``runtime``: the user's runtime folder (``executors/runtime_folder.py``). ``keeping``: descriptors that a supervisor
    which is started for it keeps open until it ends, such as the leases of GPUs.
    Raises ``Unavailable`` where no service can be run here, and ``OSError``.
    """
    if not hasattr(os, "fork"):
        raise Unavailable("this system has no fork")
    folder = ServiceFolder.of(runtime, order.key)
    connection, is_new = _connected(folder, order, keeping)
    return ServiceClient(connection, folder, None if is_new else order)


def _connected(folder: ServiceFolder, order: ServiceOrder, keeping: Sequence[int] = ()) -> tuple[socket.socket, bool]:
    """A connection that holds the service, and whether its supervisor was started for it."""
    with folder.locked():
        try:
            connection, is_new = folder.connect(), False
        except (FileNotFoundError, ConnectionRefusedError):
            folder.sweep()
            _start(order, folder, keeping)
            connection, is_new = folder.connect(), True
        # Before the lock is released: who ends under it finds the request, and answers. A first line always finds room.
        with contextlib.suppress(OSError):  # it was killed at this instant, which shows as an end without a word
            connection.sendall(encode(ServiceRequest(HOLD)) + b"\n")
    return connection, is_new


def _start(order: ServiceOrder, folder: ServiceFolder, keeping: Sequence[int]) -> None:
    """A supervisor, which finds the first connections at its door."""
    places = json.dumps([str(PACKAGES), *(each for each in sys.path if each)])
    variables = {name: value for name, value in os.environ.items() if name not in OF_THE_STARTER}
    with contextlib.closing(folder.listen()) as listener, standard_input(encode(order)) as stdin:
        number = listener.fileno()
        words = [sys.executable, "-I", "-B", "-c", PROGRAM, places, str(folder.path), str(number)]
        errors = os.open(folder.file(ERRORS), os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            child = process.spawn(words, variables, stdin, errors, errors, [number, *keeping])
        finally:
            os.close(errors)
    child_process.join([child], COLLECTION)  # it forks at once, and the supervisor belongs to nobody


def _last_lines(path: Path) -> tuple[str, ...]:
    try:
        data = path.read_bytes()[-LAST_BYTES:]
    except OSError:
        return ()
    return tuple(data.decode("utf-8", "replace").splitlines()[-LAST_LINES:])
