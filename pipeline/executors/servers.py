"""Finding, starting and asking the processes that are kept (see ``sdk/stageserver``)."""

import contextlib
import json
import os
import socket
import struct
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pipeline.executors.runtime_folder import Unavailable, address, ensure, open_log
from pipeline.locks import try_exclusive

BACKLOG = 128
PATIENCE = 2.0  # seconds for a server to answer a question
TRIES = 50  # to get the lock of a new server


@contextlib.contextmanager
def locked(folder: Path, name: str) -> Iterator[int]:
    """A lock on a server's lock file, as a descriptor. Raises ``BlockingIOError`` where another process has it."""
    path = folder / f"{name}.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not try_exclusive(descriptor):
            raise BlockingIOError(f"{path} is locked by another process")
        if not _is_named(descriptor, path):
            raise BlockingIOError(f"{path} was removed meanwhile")
        yield descriptor
    finally:
        os.close(descriptor)


def names(folder: Path, pool: str = "") -> list[str]:
    """Servers that have a socket, of one pool or all."""
    try:
        entries = os.listdir(folder)
    except FileNotFoundError:
        return []
    return sorted(
        entry.removesuffix(".sock") for entry in entries if entry.startswith(pool) and entry.endswith(".sock")
    )


def connect(folder: Path, name: str) -> socket.socket:
    """Raises ``OSError`` where nobody listens, or not one of our own."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)  # a server whose queue is full is no better than none
        with address(folder / f"{name}.sock") as path:
            connection.connect(path)
        _require_own(connection, name)
        connection.settimeout(PATIENCE)
    except BaseException:
        connection.close()
        raise
    return connection


def hand_over(folder: Path, name: str, descriptors: Sequence[int]) -> None:
    """Take a lease. The server reads it when it gets to it: nothing is waited for."""
    with connect(folder, name) as connection:
        connection.sendmsg([b"lease"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", descriptors))])


def ask(folder: Path, name: str, request: bytes) -> bytes:
    """Raises ``OSError`` where there is no answer in time."""
    with connect(folder, name) as connection:
        connection.sendall(request)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    return answer


def status(folder: Path) -> Iterator[dict[str, Any]]:
    """What each server says of itself, with ``job`` where it works."""
    for name in names(folder):
        with contextlib.suppress(OSError, ValueError):
            yield {"name": name, **json.loads(ask(folder, name, b"status")), "jobs": _jobs(folder, name)}


def end(folder: Path, name: str, force: bool) -> bool:
    """Whether it ends. One that a run holds does so only by force."""
    try:
        return ask(folder, name, b"end" if force else b"stop") == b"ended"
    except TimeoutError:
        return False
    except OSError:
        return True  # it had ended before it was asked


def listen(folder: Path, name: str) -> socket.socket:
    """A socket for a server that is about to start, so that it can be found before it is ready."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with contextlib.suppress(FileNotFoundError):
            (folder / f"{name}.sock").unlink()  # of one that was killed: its lock is ours
        with address(folder / f"{name}.sock") as path:
            listener.bind(path)
        listener.listen(BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


def sweep(folder: Path) -> None:
    """Remove what servers left that were killed: nobody has the lock, and nobody answers."""
    for lock in folder.glob("*.lock"):
        name = lock.name.removesuffix(".lock")
        with contextlib.suppress(OSError), locked(folder, name):
            if not _answers(folder, name):
                remove(folder, name)


def remove(folder: Path, name: str) -> None:
    """A server's files; last its lock, which the caller holds."""
    for entry in sorted(os.listdir(folder), key=lambda entry: entry.endswith(".lock")):
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


def _require_own(connection: socket.socket, name: str) -> None:
    """The folder admits nobody else; this is for the case that somebody opened it."""
    if hasattr(socket, "SO_PEERCRED"):
        _, user, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        if user != os.geteuid():
            raise PermissionError(f"{name} is somebody else's")


def _answers(folder: Path, name: str) -> bool:
    try:
        connect(folder, name).close()
    except (FileNotFoundError, ConnectionRefusedError):
        return False
    except OSError:
        pass
    return True


def _jobs(folder: Path, name: str) -> list[str]:
    """What its processes work on, by the third word of their busy files."""
    jobs = []
    for file in folder.glob(f"{name}.*.busy"):
        with contextlib.suppress(OSError):
            words = file.read_text(encoding="utf-8", errors="replace").strip().split(" ", 2)
            jobs += words[2:]
    return sorted(jobs)


def _is_named(descriptor: int, path: Path) -> bool:
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    ours = os.fstat(descriptor)
    return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)
