"""What a server was started with, and its files in the runtime folder."""

import os
import sys
import time

from stageserver.protocol import LOCK, SOCKET, TASKS, BusyRecord, busy_file
from stageserver.suppress import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Server:
    def __init__(self, files: "ServerFiles", limits: "Any", listener: "Any", runner: "Any") -> None:
        self.files = files
        self.limits = limits  # ``ServerArguments``
        self.listener = listener
        self.runner = runner
        self.started = time.monotonic()

    @property
    def age_seconds(self) -> float:
        return time.monotonic() - self.started


class ServerFiles:
    """A server's files; their names are in ``protocol``."""

    def __init__(self, folder: str, name: str) -> None:
        self.folder = folder
        self.name = name
        self._tasks = os.open(self.path(TASKS), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def path(self, suffix: str) -> str:
        return os.path.join(self.folder, self.name + suffix)

    def busy(self, pid: int) -> "BusyFile":
        return BusyFile(os.path.join(self.folder, busy_file(self.name, pid)), pid)

    def count_task(self) -> None:
        with suppress(OSError):  # a number for people; a full disk must not end a stage over it
            os.write(self._tasks, b".")

    @property
    def tasks(self) -> int:
        return os.fstat(self._tasks).st_size

    def log(self, text: str) -> None:
        with suppress(OSError):
            when = time.strftime("%Y-%m-%d %H:%M:%S")
            print(when, self.name, text, file=sys.stderr, flush=True)

    def remove(self) -> None:
        """The socket first: who finds none starts a server of its own."""
        mine = [entry for entry in os.listdir(self.folder) if entry.startswith(self.name + ".")]
        for entry in sorted(mine, key=lambda entry: (not entry.endswith(SOCKET), entry.endswith(LOCK))):
            with suppress(FileNotFoundError):
                os.unlink(os.path.join(self.folder, entry))


class BusyFile:
    """Says for which run a worker works. The worker writes it, and its keeper looks."""

    def __init__(self, path: str, pid: int) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self._pid = pid
        self._started = _start_of(pid)

    def mark(self, token: str, id: str) -> None:
        os.pwrite(self._file, BusyRecord(token, self._pid, self._started, id).encode(), 0)

    def clear(self) -> None:
        os.pwrite(self._file, BusyRecord.NOTHING, 0)

    @property
    def marked(self) -> bool:
        return os.pread(self._file, 1, 0) not in (b" ", b"")


def _start_of(pid: int) -> int:
    """When a process began, in clock ticks after the machine's start (proc_pid_stat(5)); 0 where that can't be told."""
    try:
        with open("/proc/%d/stat" % pid, "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[19])
    except OSError:
        return 0
