"""How a service is: told to everybody who uses it, and kept in ``status.json``, which only its user can read."""

from collections.abc import Mapping
from enum import StrEnum

from pipeline.values import Struct, field


class ServiceState(StrEnum):
    """``starting`` → ``ready`` → ``stopping`` → ``ended``. From ``ready`` back to ``starting`` where it is started
    again after its program ended; from both to ``failed`` where it isn't tried any more."""

    STARTING = "starting"
    READY = "ready"
    STOPPING = "stopping"
    ENDED = "ended"
    FAILED = "failed"


class FailureKind(StrEnum):
    """Why a service isn't there."""

    EXITED_EARLY = "exited-early"  # the program ended before it was ready
    NOT_READY = "not-ready"  # it wasn't ready in time
    PORT_TAKEN = "port-taken"  # another program has its port
    NOT_ALIVE = "not-alive"  # it was ready, and answers no more
    CRASHED = "crashed"  # the program ended after it was ready
    START_FAILED = "start-failed"  # no process could be started


class ServiceFailure(Struct, frozen=True, omit_defaults=True):
    """The last failure, with what the program said."""

    kind: FailureKind
    text: str  # a sentence for a person
    log_lines: tuple[str, ...] = ()  # the last ones
    code: int | None = None  # the program's exit code where it ended by itself; negative where a signal ended it


class ServiceStatus(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A moment of a service. Times are seconds since 1970."""

    state: ServiceState
    urls: Mapping[str, str] = field(default_factory=dict)  # by the port's name; known before it is ready
    token: str = ""  # what it expects of who asks, where it checks; in no log and on no command line
    started_at: float = 0.0  # the program that runs now
    ready_at: float | None = None
    restarts: int = 0  # since it was started first
    message: str = ""  # what it said last of itself (STATUS=)
    failure: ServiceFailure | None = None  # the last one, also where it was started again since
    log: str = ""  # absolute path

    @property
    def is_over(self) -> bool:
        """Whether it will not be ready any more; who needs it starts it again."""
        return self.state in {ServiceState.ENDED, ServiceState.FAILED}

    def address(self, port: str) -> str:
        """``HOST:PORT``, for what isn't spoken to by URL. Raises ``KeyError``."""
        return self.urls[port].partition("://")[2]
