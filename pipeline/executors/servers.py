"""Finding and asking the servers of workers (``sdk/stageserver``), and their files."""

import _socket  # Python's own code for ``socket``, which makes enumerations of all its constants: 3 ms
import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline.executors.runtime_folder import Unavailable, address, ensure, open_log
from pipeline.locks import try_exclusive
from pipeline.sdk import server_protocol
from pipeline.sdk.server_protocol import LOCK, SOCKET, BusyRecord, ServerStatus

BACKLOG = 128
PATIENCE = 2.0  # seconds for a server to answer a question
TRIES = 50  # to get the lock of a new server


@contextlib.contextmanager
def locked(folder: Path, name: str) -> Iterator[int]:
    """A lock on a server's lock file, as a descriptor. Raises ``BlockingIOError`` where another process has it."""
    path = folder / f"{name}{LOCK}"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not try_exclusive(descriptor):
            raise BlockingIOError(f"{path} is locked by another process")
        if not _is_named(descriptor, path):
            raise BlockingIOError(f"{path} was removed meanwhile")
        yield descriptor
    finally:
        os.close(descriptor)


def names(folder: Path, kind: str = "") -> list[str]:
    """Servers that have a socket, of one kind of workers or all."""
    try:
        entries = os.listdir(folder)
    except FileNotFoundError:
        return []
    return sorted(entry.removesuffix(SOCKET) for entry in entries if entry.startswith(kind) and entry.endswith(SOCKET))


def connect(folder: Path, name: str) -> _socket.socket:
    """Raises ``OSError`` where no server of this user listens."""
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        connection.setblocking(False)  # a server whose queue is full is no better than none
        with address(folder / f"{name}{SOCKET}") as path:
            connection.connect(path)
        _require_own(connection, name)
        connection.settimeout(PATIENCE)
    except BaseException:
        connection.close()
        raise
    return connection


def hand_over(folder: Path, name: str, descriptors: Sequence[int]) -> None:
    """Take a lease. The server reads it when it gets to it: nothing is waited for."""
    with contextlib.closing(connect(folder, name)) as connection:
        server_protocol.send(connection, server_protocol.LEASE, descriptors)


def ask(folder: Path, name: str, request: bytes) -> bytes:
    """Raises ``OSError`` where there is no answer in time."""
    with contextlib.closing(connect(folder, name)) as connection:
        connection.sendall(request)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    return answer


def status(folder: Path) -> Iterator[tuple[str, ServerStatus]]:
    """The name of each server that answers, with its state."""
    for name in names(folder):
        with contextlib.suppress(OSError, ValueError):
            yield name, ServerStatus.decode(ask(folder, name, server_protocol.STATUS))


def work_of(folder: Path, name: str) -> list[str]:
    """The invocations that a server's worker is at: one, or none."""
    records = []
    for file in folder.glob(server_protocol.busy_file(name, "*")):
        with contextlib.suppress(OSError):
            records.append(BusyRecord.decode(file.read_bytes()))
    return sorted(record.id for record in records if record)


def end(folder: Path, name: str, force: bool) -> bool:
    """Whether it ends. One that a run holds does so only by force."""
    try:
        return ask(folder, name, server_protocol.END if force else server_protocol.STOP) == server_protocol.ENDED
    except TimeoutError:
        return False
    except OSError:
        return True  # it had ended before it got the request


def listen(folder: Path, name: str) -> _socket.socket:
    """A socket for a server that is about to start, so that it can be found before it is ready."""
    listener = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        with contextlib.suppress(FileNotFoundError):
            (folder / f"{name}{SOCKET}").unlink()  # of one that was killed: its lock is ours
        with address(folder / f"{name}{SOCKET}") as path:
            listener.bind(path)
        listener.listen(BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


def sweep(folder: Path) -> None:
    """Remove the files of servers that were killed: their lock is free, and they don't answer."""
    for lock in folder.glob(f"*{LOCK}"):
        name = lock.name.removesuffix(LOCK)
        with contextlib.suppress(OSError), locked(folder, name):
            if not _answers(folder, name):
                remove(folder, name)


def remove(folder: Path, name: str) -> None:
    """A server's files; last its lock, which the caller holds."""
    for entry in sorted(os.listdir(folder), key=lambda entry: entry.endswith(LOCK)):
        if entry.startswith(f"{name}."):
            with contextlib.suppress(FileNotFoundError):
                (folder / entry).unlink()


@contextlib.contextmanager
def prepared(folder: Path) -> Iterator[int]:
    """The folder, ready for a new server, and the descriptor of the servers' log."""
    ensure(folder)
    sweep(folder)
    try:
        log = open_log(folder)
    except OSError as error:
        raise Unavailable(f"{folder}: {error.strerror}") from error
    try:
        yield log
    finally:
        os.close(log)


def _require_own(connection: _socket.socket, name: str) -> None:
    if not server_protocol.is_own_user(connection):
        raise PermissionError(f"{name} is another user's")


def _answers(folder: Path, name: str) -> bool:
    try:
        connect(folder, name).close()
    except (FileNotFoundError, ConnectionRefusedError):
        return False
    except OSError:
        pass
    return True


def _is_named(descriptor: int, path: Path) -> bool:
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    ours = os.fstat(descriptor)
    return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)
