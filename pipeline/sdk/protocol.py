"""What the orchestrator and the runner say to each other, and the names that both must know.

The orchestrator imports it as ``pipeline.sdk.protocol``. The runner loads it by its path, as ``stageprotocol``: an
environment may have a library that is called ``protocol``.

Standard library only, Python 3.8 and later. A fresh process loads it before it runs a stage, so each function imports
what it alone needs.
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import _socket
    from typing import List, Optional, Sequence, Tuple, Union

    Path = Union[str, "os.PathLike[str]"]

RUN_VARIABLE = "PIPELINE_RUN"  # every process of a run has it in its environment, with the run's token
SOURCES_VARIABLE = "PIPELINE_STAGE_SOURCES"  # for processes that a stage spawns: ``encode_sources``

EXIT_STAGE_FAILED = 1
EXIT_INPUT_UNUSABLE = 5
EXIT_WRONG_ENVIRONMENT = 96  # the interpreter that was started isn't the one of the stage's environment

CALLS = "calls"  # in the place of an order's invocation: serve calls, over the socket that the order came on

SERVE = "--serve"  # the runner's first argument where it stays; ``ServerArguments`` follow
SERVICE = "--service"  # the runner's first argument for a service; the path of its invocation follows

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


def encode_sources(stage_file: "Path", modules: "Sequence[Path]") -> str:
    """For ``SOURCES_VARIABLE``: where the stage and its shared modules are."""
    return ascii([str(each) for each in (stage_file, *modules)])


def decode_sources(text: str) -> "Tuple[str, List[str]]":
    """The stage's file and its modules."""
    import ast

    stage_file, *modules = ast.literal_eval(text)
    return stage_file, modules


def encode_beginning(moment: float) -> bytes:
    """The line of a report pipe that says when the stage's function was called, by ``time.monotonic``."""
    return b'{"began": %.6f}\n' % moment


class Order:
    """One task. Text between NULs, ended by NUL and newline, since a path may have a newline."""

    END = b"\0\n"
    CUT_OFF = "-"  # in the place of the network

    def __init__(  # noqa: PLR0913, PLR0917  # these are the fields, in their order
        self,
        id: str,
        token: str,  # of the run, for ``RUN_VARIABLE``
        prefix: "Path",  # that the interpreter must have
        stage_file: "Path",
        source_digest: str,  # of the stage file and its modules: what is loaded is loaded again where it differs
        invocation: "Path",  # the file with all that the stage may ask for
        log: "Path",
        folder: "Path",  # to work in
        modules: "Sequence[Path]" = (),  # that the stage imports by their names: files, and folders of packages
        secrets: "Sequence[Tuple[str, str]]" = (),  # parameters that stand in no file, each with its value
        network: bool = True,  # without it, the stage has its own loopback alone
        writable: "Optional[Path]" = None,  # the one folder that it can write into, where that is confined
        protected: "Optional[Path]" = None,  # a person's file, which it must not write to
    ) -> None:
        self.id = id
        self.token = token
        self.prefix = str(prefix)
        self.stage_file = str(stage_file)
        self.source_digest = source_digest
        self.invocation = str(invocation)
        self.log = str(log)
        self.folder = str(folder)
        self.modules = [str(module) for module in modules]
        self.secrets = list(secrets)
        self.network = network
        self.writable = None if writable is None else str(writable)
        self.protected = None if protected is None else str(protected)

    @property
    def is_isolated(self) -> bool:
        """Whether there is more to do than to run the stage."""
        return bool(self.secrets or not self.network or self.writable or self.protected)

    def encode(self) -> bytes:
        head = (self.id, self.token, self.prefix, self.stage_file, self.source_digest, self.invocation)
        secrets = ",".join(
            "%s=%s" % (name, value.encode("utf-8", "surrogateescape").hex()) for name, value in self.secrets
        )
        bounds = ("" if self.network else self.CUT_OFF, self.writable or "", self.protected or "")
        text = "\0".join((*head, self.log, self.folder, secrets, *bounds, *self.modules))
        return text.encode("utf-8", "surrogateescape") + self.END

    @classmethod
    def decode(cls, data: bytes) -> "Order":
        fields = data[: -len(cls.END)].decode("utf-8", "surrogateescape").split("\0")
        id, token, prefix, stage_file, source_digest, invocation, log, folder, *rest = fields
        hidden, network, writable, protected, *modules = rest
        pairs = [each.partition("=") for each in hidden.split(",") if each]
        secrets = [(name, bytes.fromhex(value).decode("utf-8", "surrogateescape")) for name, _, value in pairs]
        return cls(
            id,
            token,
            prefix,
            stage_file,
            source_digest,
            invocation,
            log,
            folder,
            modules,
            secrets,
            not network,
            writable or None,
            protected or None,
        )

    @classmethod
    def read(cls, pipe: int) -> "Optional[Order]":
        """The next order from a pipe; ``None`` where it ends before there is a whole one."""
        data = b""
        while not data.endswith(cls.END):
            chunk = os.read(pipe, 65536)
            if not chunk:
                return None
            data += chunk
        return cls.decode(data)


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
    """The words on a server's command line, after ``SERVE``."""

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
    from array import array

    connection.sendmsg([request], [(SOL_SOCKET, SCM_RIGHTS, array("i", descriptors))])


def receive(connection: "_socket.socket") -> "Tuple[bytes, List[int]]":
    """A request and its descriptors, which the programs that a stage starts don't inherit."""
    import socket
    from array import array

    size = array("i").itemsize
    flags = getattr(socket, "MSG_CMSG_CLOEXEC", 0)
    room = socket.CMSG_SPACE(LEASED_DESCRIPTORS * size)
    request, ancillary, _, _ = connection.recvmsg(LONGEST_REQUEST, room, flags)
    received = array("i")
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            received.frombytes(data[: len(data) - len(data) % size])
    for descriptor in received:
        os.set_inheritable(descriptor, False)
    return request, list(received)


def is_own_user(connection: "_socket.socket") -> bool:
    """Whether the process at the other end is this user's. The folder should admit no other."""
    try:
        from _socket import SO_PEERCRED, SOL_SOCKET
    except ImportError:
        return True
    credentials = connection.getsockopt(SOL_SOCKET, SO_PEERCRED, 12)  # three numbers: process, user and group
    return int.from_bytes(credentials[4:8], sys.byteorder) == os.geteuid()
