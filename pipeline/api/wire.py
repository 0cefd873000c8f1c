"""What the Python interface and the process that does its work say to each other: one call, a line for each reply."""

from typing import Any

from pipeline.errors import ExitCode
from pipeline.values import Struct, field


class FunctionCall(Struct, frozen=True):
    """A function that is a stage."""

    name: str
    source: str  # of the file that is frozen with the job
    declared: dict[str, Any]  # as a stage's block has it
    place: str  # where it stands, for people


class WorkflowCall(Struct, frozen=True):
    """A workflow that a program has put together."""

    document: dict[str, Any]  # as a workflow's file has it
    functions: tuple[FunctionCall, ...]


class PrepareCall(Struct, frozen=True, tag="prepare"):
    """As ``prepare-job`` does it. Replies with the job's id."""

    root: str
    workflow: str
    input: str  # absolute
    parameters: dict[str, str] = field(default_factory=dict)  # as they would be typed
    models: tuple[str, ...] = ()  # those of the parameters that name models
    build: bool = False
    is_of_page: bool = False  # whose reader runs commands, and gives a function no argument
    beside: bool = False
    overwrite: bool = False
    composed: WorkflowCall | None = None  # instead of one of the project's


class RunCall(Struct, frozen=True, tag="run"):
    """As ``run-pipeline`` does it. Replies when the run is over."""

    root: str
    job: str
    max_parallel: int | None = None
    timeout: float | None = None  # seconds


Call = PrepareCall | RunCall


class CallProgress(Struct, frozen=True, tag="progress"):
    """Something takes a while."""

    text: str


class CallDone(Struct, frozen=True, tag="done"):
    job: str


class CallFailed(Struct, frozen=True, tag="failed"):
    """The error, as a command would show it."""

    place: str  # the module of its class
    name: str
    message: str
    next_step: str | None
    exit_code: ExitCode
    events: int = 0  # of the job's journal by then: more of them tell of a later run


Reply = CallProgress | CallDone | CallFailed
