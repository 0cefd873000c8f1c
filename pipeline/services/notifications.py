"""The socket in ``NOTIFY_SOCKET``, over which a program says how it is (sd_notify(3))."""

import contextlib
import os
import secrets
import socket
import struct
import sys
from pathlib import Path

from pipeline.services.events import Notification

LARGEST = 4096  # bytes of a message that is read
LONGEST_STATUS = 200  # characters that are shown
LONGEST_PATH = 100  # bytes of a socket's path; programs know no way around
MICROSECONDS = 1e6
CREDENTIALS = struct.calcsize("3i")


def parsed(data: bytes) -> Notification:
    """What a message says; lines that mean nothing here are passed over."""
    lines = data.decode("utf-8", "replace").splitlines()
    fields = {name: value for name, found, value in (line.partition("=") for line in lines) if found}
    status = fields.get("STATUS")
    return Notification(
        is_ready=fields.get("READY") == "1",
        is_stopping=fields.get("STOPPING") == "1",
        is_alive=fields.get("WATCHDOG") == "1",
        is_ill=fields.get("WATCHDOG") == "trigger",
        status=None if status is None else _printable(status),
        extension=_seconds(fields.get("EXTEND_TIMEOUT_USEC")),
        watchdog=_seconds(fields.get("WATCHDOG_USEC")),
    )


def _printable(text: str) -> str:
    shown = "".join(each if each.isprintable() else " " for each in text)
    return shown.strip()[:LONGEST_STATUS]


def _seconds(text: str | None) -> float | None:
    """More than zero, or nothing."""
    if text is None or not (text.isascii() and text.isdigit()) or not int(text):
        return None
    return min(int(text), 10**15) / MICROSECONDS


class NotificationSocket:
    """Made in a folder that is this user's alone. Where its path is too long for a socket, it has a name without a
    file (Linux), which any user could send to: so the sender's user is looked at."""

    def __init__(self, folder: Path) -> None:
        self._path: Path | None = folder / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            if hasattr(socket, "SO_PASSCRED"):
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
            self.address = self._bind(folder / "notify")
        except BaseException:
            self._socket.close()
            raise

    def fileno(self) -> int:
        return self._socket.fileno()

    def read(self) -> list[Notification]:
        """The messages that have come."""
        messages: list[Notification] = []
        with contextlib.suppress(BlockingIOError):
            while True:
                room = socket.CMSG_SPACE(CREDENTIALS)
                data, ancillary, _, _ = self._socket.recvmsg(LARGEST, room)
                if _is_own_user(ancillary):
                    messages.append(parsed(data))
        return messages

    def close(self) -> None:
        self._socket.close()
        if self._path is not None:
            with contextlib.suppress(FileNotFoundError):
                self._path.unlink()

    def _bind(self, path: Path) -> str:
        if len(os.fsencode(path)) <= LONGEST_PATH or not sys.platform.startswith("linux"):
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
            self._socket.bind(os.fspath(path))
            return os.fspath(path)
        self._path = None
        name = f"pipeline-{secrets.token_hex(8)}"
        self._socket.bind(f"\0{name}")
        return f"@{name}"


def _is_own_user(ancillary: list[tuple[int, int, bytes]]) -> bool:
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, getattr(socket, "SCM_CREDENTIALS", None)):
            _, user, _ = struct.unpack("3i", data[:CREDENTIALS])
            return bool(user == os.geteuid())
    return not hasattr(socket, "SO_PASSCRED")
