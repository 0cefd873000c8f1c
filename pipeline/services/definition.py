"""What a stage's block says of the service that it is: pure values, without a process."""

from pipeline.values import Struct

HTTP = "http"  # the name of the port of a service that doesn't name any
IDLE_SECONDS = 60.0
RESTARTS = 5


class HttpProbe(Struct, frozen=True, forbid_unknown_fields=True, tag_field="way", tag="http"):
    """It is well while a GET of this path is answered with 200 to 399."""

    path: str
    port: str = HTTP


class TcpProbe(Struct, frozen=True, forbid_unknown_fields=True, tag_field="way", tag="tcp"):
    """It is well while this port takes connections."""

    port: str = HTTP


class CommandProbe(Struct, frozen=True, forbid_unknown_fields=True, tag_field="way", tag="command"):
    """It is well while this command ends with 0. It gets the service's own variables; ``{port.NAME}`` is filled in."""

    command: tuple[str, ...]


class NotifyProbe(Struct, frozen=True, forbid_unknown_fields=True, tag_field="way", tag="notify"):
    """It says so itself, over the socket in ``NOTIFY_SOCKET`` (sd_notify(3)): READY=1, and WATCHDOG=1 to stay alive."""


Way = HttpProbe | TcpProbe | CommandProbe | NotifyProbe


class ServiceProbe(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How it is known that a service is ready, or still alive. Seconds throughout."""

    way: Way
    period: float = 1.0  # between two tries; the first ones come faster. With ``NotifyProbe``: between two WATCHDOG=1
    timeout: float = 1.0  # of one try
    start_timeout: float = 300.0  # of the whole start; a service that says how far it is (STATUS=) has longer
    success_threshold: int = 1  # tries in a row
    failure_threshold: int = 3  # tries in a row; while it starts, only time counts
    grace: float = 0.0  # after it was ready, in which failures don't count


class Stop(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How it is asked to end."""

    signal: str = "TERM"  # without SIG
    timeout: float = 15.0  # seconds, after which it is killed with all that it started


class ServiceDefinition(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """The table ``service`` of a stage's block."""

    ready: ServiceProbe
    alive: ServiceProbe | None = None
    stop: Stop = Stop()
    ports: tuple[str, ...] = (HTTP,)  # their names; the numbers are chosen at each start
    idle_seconds: float = IDLE_SECONDS  # without anybody who uses it, after which it ends
    restarts: int = (
        RESTARTS  # in a row, after which it has failed; a service that was ready for long enough begins again
    )
