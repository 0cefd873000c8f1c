"""The folder of one service in its user's runtime folder, and who may make, find and remove it."""

import contextlib
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from pipeline import files, process_tree
from pipeline.executors.runtime_folder import Unavailable, address, ensure
from pipeline.locks import try_exclusive
from pipeline.sdk.server_protocol import is_own_user

SERVICES = "services"
LOCK, SOCKET, STATUS_FILE, LOG = "lock", "socket", "status.json", "log"
ERRORS, PROBE = "errors", "probe"  # what the supervisor printed, and the command of a probe
KEY_LENGTH = 16  # characters of a key that name the folder
BACKLOG = 128
PATIENCE = 30.0  # seconds for another process that starts or ends the same service
# In the environment of the program, and so of all that it starts: the folder, by which they are found.
MARK = "PIPELINE_SERVICE_FOLDER"


class ServiceFolder:
    """Not made before ``locked``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of(cls, runtime: Path, key: str) -> "ServiceFolder":
        """``runtime``: the user's runtime folder."""
        return cls(runtime / SERVICES / key.rpartition(":")[2][:KEY_LENGTH])

    def file(self, name: str) -> Path:
        return self.path / name

    @contextlib.contextmanager
    def locked(self, seconds: float = PATIENCE, makes: bool = True) -> Iterator[None]:
        """Nobody else starts or removes the service meanwhile.

        ``makes``: the folder is made where there is none. Raises ``Unavailable`` where the lock can't be had in time,
        and ``FileNotFoundError``.
        """
        until = time.monotonic() + seconds
        while True:
            descriptor = self._opened(makes)
            try:
                if not try_exclusive(descriptor, max(0.0, until - time.monotonic())):
                    raise Unavailable(f"another process has locked {self.path}")
                if _is_named(descriptor, self.file(LOCK)):
                    yield
                    return
            finally:
                os.close(descriptor)

    def connect(self) -> socket.socket:
        """To its supervisor. Raises ``OSError`` where there is none of this user."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.setblocking(False)  # a queue that is full is no better than no supervisor
            with address(self.file(SOCKET)) as path:
                connection.connect(path)
            self._require_own(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def listen(self) -> socket.socket:
        """A socket for a supervisor that is about to start, so that it can be found before it is there."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with contextlib.suppress(FileNotFoundError):
                self.file(SOCKET).unlink()
            with address(self.file(SOCKET)) as path:
                listener.bind(path)
            listener.listen(BACKLOG)
        except BaseException:
            listener.close()
            raise
        return listener

    def sweep(self) -> None:
        """End what a supervisor that was killed has left. The lock is the caller's."""
        left = [entry for entry in os.listdir(self.path) if entry != LOCK]
        if left:  # to look for processes takes long where there are many
            process_tree.kill_marked(MARK, os.fspath(self.path))
        for entry in left:
            files.clear(self.file(entry))

    def remove(self) -> None:
        """The lock, which is the caller's, goes last: who waits for it sees that it is another one's by then."""
        for entry in sorted(os.listdir(self.path), key=lambda entry: (entry != SOCKET, entry == LOCK)):
            files.clear(self.file(entry))
        with contextlib.suppress(OSError):  # somebody has begun again
            self.path.rmdir()

    def _require_own(self, connection: socket.socket) -> None:
        if not is_own_user(connection):
            raise PermissionError(f"{self.path} is another user's")

    def _opened(self, makes: bool) -> int:
        flags = os.O_RDWR | os.O_CLOEXEC
        for _ in range(100):
            if makes:
                for folder in (self.path.parents[1], self.path.parent, self.path):
                    ensure(folder)
                flags |= os.O_CREAT
            try:
                return os.open(self.file(LOCK), flags, 0o600)
            except FileNotFoundError:
                if not makes:
                    raise
        raise Unavailable(f"{self.path} is removed again and again")


def all_in(runtime: Path) -> list[ServiceFolder]:
    """Of services that there are, or were."""
    try:
        entries = sorted(os.listdir(runtime / SERVICES))
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [ServiceFolder(runtime / SERVICES / entry) for entry in entries]


def sweep_all(runtime: Path) -> None:
    """Remove what supervisors that were killed have left."""
    for folder in all_in(runtime):
        with contextlib.suppress(OSError, Unavailable), folder.locked(seconds=0, makes=False):
            try:
                folder.connect().close()
            except (FileNotFoundError, ConnectionRefusedError):
                folder.sweep()
                folder.remove()


def _is_named(descriptor: int, path: Path) -> bool:
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    return os.path.samestat(os.fstat(descriptor), there)
