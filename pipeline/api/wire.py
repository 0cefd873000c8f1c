"""What the Python interface and the process that does its work say to each other: one call, a line for each reply."""

from pipeline.errors import ExitCode
from pipeline.values import Struct, field


class PrepareCall(Struct, frozen=True, tag="prepare"):
    """As ``prepare-job`` does it. Replies with the job's id."""

    root: str
    workflow: str
    input: str  # absolute
    parameters: dict[str, str] = field(default_factory=dict)  # as they would be typed
    models: tuple[str, ...] = ()  # those of the parameters that name models
    build: bool = False
    beside: bool = False
    overwrite: bool = False


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
