"""What a call may fail with."""

from collections.abc import Mapping
from typing import Any

from pipeline.errors import ExitCode, PipelineError


class CallError(PipelineError):
    """The root of all that a call fails with."""

    exit_code = ExitCode.STAGE_FAILED


class RemoteError(CallError):
    """The function has raised an exception. It stays in the worker; what it said is here as text.

    ``type``: its class, such as ``numpy.linalg.LinAlgError``; ``classes``: that and those it is derived from;
    ``remote_message``; ``notes``; ``traceback`` with the worker's files and lines; ``log``: the last lines that the
    worker has printed.
    """

    def __init__(self, function: str, told: Mapping[str, Any], log: str) -> None:
        self.function = function
        self.type: str = told["type"]
        self.classes: tuple[str, ...] = tuple(told["classes"])
        self.remote_message: str = told["message"]
        self.notes: tuple[str, ...] = tuple(told["notes"])
        self.traceback: str = told["traceback"]
        self.log = log
        said = f"{self.type}: {self.remote_message}" if self.remote_message else self.type
        super().__init__(f"{function} raised {said}")
        for note in self.notes:
            self.add_note(note)
        if self.traceback:
            self.add_note("In the worker:\n" + self.traceback.rstrip())
        if log:
            self.add_note("It has printed last:\n" + log.rstrip())

    def is_a(self, name: str) -> bool:
        """Whether the exception is of the class of this name, or of one derived from it; with or without its module."""
        return any(name in {each, each.rpartition(".")[2]} for each in self.classes)


class WorkerLost(CallError):
    """The worker has ended in the middle of a call, and with it what it had in memory.

    ``failure``: the class of the failure as the journal of a job has it, such as ``out_of_memory`` or ``killed``.
    """

    def __init__(self, message: str, failure: str, log: str = "", next_step: str | None = None) -> None:
        super().__init__(message, next_step)
        self.failure = failure
        self.log = log
        if log:
            self.add_note("It has printed last:\n" + log.rstrip())


class CallTimedOut(CallError):
    """A call has taken longer than it may. ``is_state_lost``: its worker had to be killed."""

    def __init__(self, message: str, is_state_lost: bool) -> None:
        super().__init__(message)
        self.is_state_lost = is_state_lost


class CallCancelled(CallError):
    """A call was given up. ``is_state_lost``: its worker had to be killed."""

    def __init__(self, message: str, is_state_lost: bool) -> None:
        super().__init__(message)
        self.is_state_lost = is_state_lost


class SessionClosed(CallError):
    """The session is over, so that nothing can be called."""

    exit_code = ExitCode.USAGE
