"""What the orchestrator and a worker's server say to each other: its command line, files, requests and answers.

The orchestrator imports it as ``pipeline.sdk.server_protocol``. The runner loads it by its path where it serves, as
``stageserver.protocol``. The orders that a worker gets are those of a fresh process (``protocol.Order``).

Standard library only, Python 3.8 and later.
"""

import os
import struct  # and not ``array``, which imports ``collections``
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import _socket
    from typing import List, Optional, Sequence, Tuple, Union

    Path = Union[str, "os.PathLike[str]"]

# A server's files in the runtime folder, after its name.
SOCKET = ".sock"
LOCK = ".lock"  # its flock says that a client has the worker
TASKS = ".tasks"  # a byte for each task
BUSY = ".busy"  # after a dot and the worker's pid; its content is a ``BusyRecord``

# What a client asks a server for, over the socket.
LEASE = b"lease"  # with three descriptors: orders to read, reports to write, and the lock
STATUS = b"status"  # answered with a ``ServerStatus``
STOP = b"stop"  # to end, unless a client has the worker
END = b"end"  # to end in any case
ENDED = b"ended"  # the answer to both where it ends

LONGEST_REQUEST = 64  # bytes
LEASED_DESCRIPTORS = 3


class Answer:
    """What a server says on a report pipe: ``=WORD NUMBER [REASON]``. A stage's lines there are JSON."""

    OWNER = "owner"  # the pid of the keeper, which answers for the order
    EXIT = "exit"  # the exit code of a task; the reason, where there is one, is why the worker leaves
    LOST = "lost"  # the exit code of a worker that ended in the middle of a task

    BEGINNING = b"="
    LONGEST = 2000  # characters

    def __init__(self, word: str, number: int, reason: str = "") -> None:
        self.word = word
        self.number = number
        self.reason = reason

    def encode(self) -> bytes:
        """With a newline before it: a stage may have left half a line."""
        line = " ".join((self.word, str(self.number), self.reason)).replace("\n", " ")[: self.LONGEST]
        return b"\n%s%s\n" % (self.BEGINNING, line.encode("utf-8", "backslashreplace"))

    @classmethod
    def decode(cls, line: bytes) -> "Optional[Answer]":
        """``None`` for a line that is no server's."""
        if not line.startswith(cls.BEGINNING):
            return None
        word, _, rest = line[len(cls.BEGINNING) :].decode("utf-8", "replace").partition(" ")
        number, _, reason = rest.partition(" ")
        try:
            return cls(word, int(number), reason)
        except ValueError:
            return None


class BusyRecord:
    """For which run a worker works: ``TOKEN PID STARTED ID``, and nothing while it doesn't.

    ``started`` is in clock ticks after the machine's start (proc_pid_stat(5)), 0 where that can't be told: together
    with the pid it means this process, and not a later one.
    """

    SIZE = 512  # bytes of the file, which never grows, so that a full disk can't hide who is at work
    NOTHING = b" " * (SIZE - 1) + b"\n"

    def __init__(self, token: str, pid: int, started: int, id: str) -> None:
        self.token = token
        self.pid = pid
        self.started = started
        self.id = id

    def encode(self) -> bytes:
        line = "%s %d %d %s" % (self.token, self.pid, self.started, self.id)
        return line.encode("utf-8", "surrogateescape")[: self.SIZE - 1].ljust(self.SIZE - 1) + b"\n"

    @classmethod
    def decode(cls, data: bytes) -> "Optional[BusyRecord]":
        words = data.decode("utf-8", "replace").strip().split(" ", 3)
        try:
            return cls(words[0], int(words[1]), int(words[2]), words[3])
        except (IndexError, ValueError):
            return None


class ServerArguments:
    """The words on a server's command line, after ``protocol.SERVE``."""

    def __init__(  # noqa: PLR0913, PLR0917  # these are the words, in their order
        self, folder: "Path", name: str, idle_seconds: float, tasks: int, memory: int, lease: int
    ) -> None:
        self.folder = str(folder)
        self.name = name
        self.idle_seconds = idle_seconds  # without a client, after which it ends
        self.tasks = tasks  # after which the worker leaves
        self.memory = memory  # bytes; a worker that has more after a task leaves
        self.lease = lease  # a descriptor that keeps the environment from being removed, or -1

    def encode(self) -> "List[str]":
        return [self.folder, self.name, *map(str, (self.idle_seconds, self.tasks, self.memory, self.lease))]

    @classmethod
    def decode(cls, words: "Sequence[str]") -> "ServerArguments":
        folder, name, idle_seconds, tasks, memory, lease = words
        return cls(folder, name, float(idle_seconds), int(tasks), int(memory), int(lease))


class ServerStatus:
    """A server's state."""

    def __init__(  # noqa: PLR0913, PLR0917  # these are the fields
        self, owner: int, pid: int, prefix: str, tasks: int, leased: bool, age_seconds: float, idle_seconds: float
    ) -> None:
        self.owner = owner  # the keeper
        self.pid = pid  # the worker
        self.prefix = prefix  # of its interpreter
        self.tasks = tasks  # that it has run
        self.leased = leased  # whether a client has the worker
        self.age_seconds = age_seconds
        self.idle_seconds = idle_seconds

    def encode(self) -> bytes:
        import json

        return json.dumps(vars(self)).encode("ascii")

    @classmethod
    def decode(cls, data: bytes) -> "ServerStatus":
        """Raises ``ValueError`` for what is no status of this version."""
        import json

        try:
            return cls(**json.loads(data))
        except TypeError as error:
            raise ValueError(str(error)) from error


def busy_file(name: str, pid: "Union[int, str]") -> str:
    """The file name of a server's busy record."""
    return "%s.%s%s" % (name, pid, BUSY)


def send(connection: "_socket.socket", request: bytes, descriptors: "Sequence[int]") -> None:
    """A request, with descriptors that the other process gets."""
    from _socket import SCM_RIGHTS, SOL_SOCKET  # Python's own code for ``socket``, whose import takes 3 ms

    connection.sendmsg([request], [(SOL_SOCKET, SCM_RIGHTS, struct.pack("%di" % len(descriptors), *descriptors))])


def receive(connection: "_socket.socket") -> "Tuple[bytes, List[int]]":
    """A request and its descriptors, which the programs that a stage starts don't inherit."""
    import _socket

    size = struct.calcsize("i")
    flags = getattr(_socket, "MSG_CMSG_CLOEXEC", 0)
    room = _socket.CMSG_SPACE(LEASED_DESCRIPTORS * size)
    request, ancillary, _, _ = connection.recvmsg(LONGEST_REQUEST, room, flags)
    received = []  # type: List[int]
    for level, kind, data in ancillary:
        if (level, kind) == (_socket.SOL_SOCKET, _socket.SCM_RIGHTS):
            received += struct.unpack_from("%di" % (len(data) // size), data)
    for descriptor in received:
        os.set_inheritable(descriptor, False)
    return request, received


def is_own_user(connection: "_socket.socket") -> bool:
    """Whether the process at the other end is this user's. The folder should admit no other."""
    try:
        from _socket import SO_PEERCRED, SOL_SOCKET
    except ImportError:
        return True
    credentials = connection.getsockopt(SOL_SOCKET, SO_PEERCRED, 12)  # three numbers: process, user and group
    return int.from_bytes(credentials[4:8], sys.byteorder) == os.geteuid()
