"""The seam between the scheduler and the place where an invocation runs.

The shape is that of ``concurrent.futures``: submit, wait, cancel. The module itself isn't used: importing
it costs more than a small stage, and it would add a thread per stage where one poll is enough.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from pipeline.process import Interpreter

Start = Literal["cold", "fork", "worker"]


@dataclass(frozen=True)
class Invocation:
    """One attempt at one stage."""

    id: str
    interpreter: Interpreter
    stage_file: Path
    source_digest: str
    file: Path  # invocation.json: everything that the stage may ask for
    log: Path
    start: Start = "cold"
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Message:
    """What a running stage said: ``progress`` with ``note``, ``warning`` or ``error``."""

    id: str
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Exited:
    """A stage's process has ended; the code is negative where a signal ended it."""

    id: str
    returncode: int
    lost: str | None = None


Event = Message | Exited


class Executor(Protocol):
    def prepare(self, interpreter: Interpreter) -> None:
        """A hint: this interpreter will be wanted next."""

    def submit(self, invocation: Invocation) -> None:
        """Start an invocation. Raises ``OSError`` where no process can be started."""

    def wait(self, wake: int, timeout: float | None) -> Sequence[Event]:
        """Events in order, as soon as there are any; empty when the descriptor ``wake`` became readable."""

    def cancel(self, id: str, grace: float) -> None: ...

    def stop(self, grace: float) -> None:
        """End everything that runs, with all descendants, killing what is left after ``grace`` seconds."""

    def close(self) -> None:
        """Release what was started ahead."""
