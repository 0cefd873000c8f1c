"""The seam between the scheduler and the place where an invocation runs.

The shape is that of ``concurrent.futures``: submit, wait, cancel. The module itself isn't used: importing
it costs more than a small stage, and it would add a thread per stage where one poll is enough.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, Protocol

from pipeline.child_process import ResourceUse
from pipeline.executors.reports import StageReport
from pipeline.policy import Start
from pipeline.process import Interpreter
from pipeline.sdk.protocol import RUN_VARIABLE, Order
from pipeline.values import Struct, field


class Invocation(Struct, frozen=True):
    """One attempt at one stage."""

    id: str  # unique among the run's invocations: JOB/STAGE/ATTEMPT
    interpreter: Interpreter
    stage_file: Path
    source_digest: str  # of the stage file and its modules: a loaded stage is loaded again where it differs
    file: Path  # invocation.json: everything that the stage may ask for
    log: Path
    start: Start = "cold"
    variables: Mapping[str, str] = field(default_factory=dict)  # beyond the interpreter's, such as CUDA_VISIBLE_DEVICES
    modules: tuple[Path, ...] = ()  # that the stage imports by their names
    network: bool = True  # without it, the stage has its own loopback alone; only for a cold start
    writable: Path | None = None  # the one folder that it can write into, where that is confined; likewise
    protected: Path | None = None  # a person's file, which it must not write to; likewise
    secrets: tuple[tuple[str, str], ...] = ()  # parameters that stand in no file; only for a cold start

    @property
    def order(self) -> Order:
        """What the runner gets to hear of it."""
        return Order(
            self.id,
            self.interpreter.variables.get(RUN_VARIABLE, ""),
            self.interpreter.prefix,
            self.stage_file,
            self.source_digest,
            self.file,
            self.log,
            _here(),
            self.modules,
            self.secrets,
            self.network,
            self.writable,
            self.protected,
        )


class Message(Struct, frozen=True):
    """What a running stage reports."""

    id: str
    report: StageReport


# Why an attempt has no result although its stage may be right. Of the node of a cluster that ran it: "lost", nobody
# knows more than that it is gone; "walltime" to "failed" are what its batch system, or the parent of its process, says;
# "environment", it can't have the stage's environment; "nowhere", no node can; "room", its disk is full; "content", a
# file was damaged on the way; "fault", its own; "oom", its kernel killed the stage for memory. "disk": what it made
# can't be written on this machine. Of the stage: "inputs" were changed by it, "outputs" aren't there.
TroubleKind = Literal[
    "lost",
    "walltime",
    "memory",
    "preempted",
    "cancelled",
    "requeued",
    "failed",
    "environment",
    "nowhere",
    "room",
    "content",
    "fault",
    "oom",
    "disk",
    "inputs",
    "outputs",
]


class Trouble(Struct, frozen=True):
    """What a node, or who watches it, has to say of an attempt without a result."""

    kind: TroubleKind
    words: str  # for a person
    node: str = ""


class ProcessExit(Struct, frozen=True):
    """An invocation has ended; the code is negative where a signal ended its process.

    ``lost`` says why the process that ran it is gone, where another process might not have been.
    """

    id: str
    returncode: int
    lost: str | None = None
    used: ResourceUse | None = None  # by a process that ran nothing else
    began: float | None = None  # when the stage's function was called, by ``time.monotonic``; None where nobody told
    trouble: Trouble | None = None


Event = Message | ProcessExit


class WorkerLimits(Struct, frozen=True):
    """When a worker ends."""

    idle_seconds: float = 60
    tasks: int = 1000
    memory: int = 8 << 30  # bytes, looked at after each task


class Execution(Protocol):
    """What runs, wherever that is."""

    def prepare(self, interpreter: Interpreter) -> None:
        """A hint: this interpreter will be wanted next, for a cold start."""

    def wait(self, wake: int, timeout: float | None = None) -> Sequence[Event]:
        """Events in order, as soon as there are any; empty when ``wake`` became readable or the seconds are over."""

    def cancel(self, id: str, grace: float) -> None:
        """Ask all its processes to end, and kill what is left after ``grace`` seconds. Its exit comes by ``wait``.

        Returns at once; an invocation that has ended is passed over.
        """

    def stop(self, grace: float) -> None:
        """End everything that runs, with all descendants, killing what is left after ``grace`` seconds."""

    def close(self) -> None:
        """End interpreters that were started ahead, and give workers back."""


class Executor(Execution, Protocol):
    def submit(self, invocation: Invocation) -> None:
        """Start an invocation. Raises ``OSError`` where no process can be started."""


def _here() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:  # it was removed
        return os.path.abspath(os.sep)
