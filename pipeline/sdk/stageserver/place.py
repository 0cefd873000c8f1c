"""A server's files in the runtime folder, and its limits."""

import contextlib
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

RECORD = 512  # bytes of a busy file, which is never grown, so that a full disk can't hide who is at work


class Limits:
    def __init__(self, idle_seconds: float, tasks: int, memory: int) -> None:
        self.idle_seconds = idle_seconds
        self.tasks = tasks
        self.memory = memory


class Place:
    """``NAME.sock``, ``NAME.lock``, ``NAME.tasks`` (a byte per task), and ``NAME.PID.busy`` of who runs stages."""

    def __init__(self, folder: str, name: str) -> None:
        self.folder = folder
        self.name = name
        self._tasks = os.open(self.path("tasks"), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def path(self, kind: str) -> str:
        return os.path.join(self.folder, self.name + "." + kind)

    def count_task(self) -> None:
        with contextlib.suppress(OSError):  # a number for people; a full disk must not end a stage over it
            os.write(self._tasks, b".")

    @property
    def tasks(self) -> int:
        return os.fstat(self._tasks).st_size

    def log(self, text: str) -> None:
        with contextlib.suppress(OSError):
            when = time.strftime("%Y-%m-%d %H:%M:%S")
            print(when, self.name, text, file=sys.stderr, flush=True)

    def remove(self) -> None:
        """The socket first: who finds none starts a server of its own."""
        mine = [entry for entry in os.listdir(self.folder) if entry.startswith(self.name + ".")]
        for entry in sorted(mine, key=lambda entry: (not entry.endswith(".sock"), entry.endswith(".lock"))):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.path.join(self.folder, entry))


class Server:
    """What a server was started with."""

    def __init__(self, place: Place, limits: Limits, listener: "Any", runner: "Any") -> None:
        self.place = place
        self.limits = limits
        self.listener = listener
        self.runner = runner
        self.started = time.monotonic()

    def status(self, **facts: object) -> bytes:
        """What it says of itself when it is asked."""
        import json

        age = round(time.monotonic() - self.started, 1)
        said = {"owner": os.getpid(), "prefix": sys.prefix, "tasks": self.place.tasks, "age_seconds": age, **facts}
        return json.dumps(said).encode("ascii")


class Busy:
    """Says which run a process works for: ``TOKEN PID ID`` while it does, blank while it doesn't."""

    def __init__(self, place: Place, pid: int) -> None:
        self._file = os.open(place.path("%d.busy" % pid), os.O_RDWR | os.O_CREAT, 0o600)
        self._pid = pid

    def mark(self, token: str, id: str) -> None:
        line = "%s %d %s" % (token, self._pid, id)
        record = os.fsencode(line)[: RECORD - 1].ljust(RECORD - 1) + b"\n"
        os.pwrite(self._file, record, 0)

    def clear(self) -> None:
        os.pwrite(self._file, b" " * (RECORD - 1) + b"\n", 0)

    @property
    def marked(self) -> bool:
        return os.pread(self._file, 1, 0) not in (b" ", b"")
