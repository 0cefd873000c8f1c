"""The seam between the scheduler and the place where an invocation runs.

The shape is that of ``concurrent.futures``: submit, wait, cancel. The module itself isn't used: importing
it costs more than a small stage, and it would add a thread per stage where one poll is enough.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pipeline.process import Interpreter


@dataclass(frozen=True)
class Invocation:
    """One attempt at one stage."""

    stage: str
    interpreter: Interpreter
    stage_file: Path
    file: Path  # invocation.json: everything that the stage may ask for
    log: Path


@dataclass(frozen=True)
class Message:
    """What a running stage said: ``progress`` with ``note``, ``warning`` or ``error``."""

    stage: str
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Exited:
    """A stage's process has ended; the code is negative where a signal ended it."""

    stage: str
    returncode: int


Event = Message | Exited


class Executor(Protocol):
    def prepare(self, interpreter: Interpreter) -> None:
        """A hint: this interpreter will be wanted next."""

    def submit(self, invocation: Invocation) -> None:
        """Start an invocation. Raises ``OSError`` where no process can be started."""

    def wait(self, wake: int) -> Sequence[Event]:
        """Events in order, as soon as there are any; empty when the descriptor ``wake`` became readable."""

    def stop(self, grace: float) -> None:
        """End everything that runs, with all descendants, killing what is left after ``grace`` seconds."""

    def close(self) -> None:
        """Release what was started ahead."""
