"""What happens to a service, and what its supervisor is to do: values, without a process."""

from pipeline.services.definition import ServiceProbe
from pipeline.values import Struct


class ProgramEnd(Struct, frozen=True):
    """The program has ended. ``code`` is negative where a signal ended it."""

    code: int
    has_remains: bool = False  # whether processes that it started are still there
    is_port_taken: bool = False  # by what it said last


class TreeEnd(Struct, frozen=True):
    """What the program had left has ended as well."""


class StartFailure(Struct, frozen=True):
    """No process could be started."""

    text: str
    is_port_taken: bool = False
    is_final: bool = False  # another try would end in the same way


class TryResult(Struct, frozen=True):
    """A probe was answered, or not; ``text`` is what came instead."""

    is_well: bool
    text: str = ""
    was_noticed: bool = True  # by the program; it isn't where that doesn't listen yet


class Notification(Struct, frozen=True):
    """What the program said over ``NOTIFY_SOCKET``."""

    is_ready: bool = False
    is_stopping: bool = False
    is_alive: bool = False  # WATCHDOG=1
    is_ill: bool = False  # WATCHDOG=trigger
    status: str | None = None
    extension: float | None = None  # seconds from now that it needs at most for what it is at
    watchdog: float | None = None  # seconds; the period of WATCHDOG=1 from now on


class UserCount(Struct, frozen=True):
    """How many use the service now."""

    count: int


class StopRequest(Struct, frozen=True):
    """A person, or who runs the supervisor, wants it to end."""


class KillRequest(Struct, frozen=True):
    """As ``StopRequest``, without waiting for its program."""


class RestartRequest(Struct, frozen=True):
    """A person wants its program to be started again."""


class Timer(Struct, frozen=True):
    """Time has passed."""


FromProgram = ProgramEnd | TreeEnd | StartFailure | TryResult | Notification
FromPeople = UserCount | StopRequest | KillRequest | RestartRequest
Happening = FromProgram | FromPeople | Timer


class StartProgram(Struct, frozen=True):
    """``new_ports``: its ports were taken, so others are chosen, and left free until the program takes them."""

    new_ports: bool = False


class BeginTry(Struct, frozen=True):
    """Answered with a ``TryResult``."""

    probe: ServiceProbe


class SendSignal(Struct, frozen=True):
    """To the program, or, where it has ended, to what it has left."""

    name: str


class KillTree(Struct, frozen=True):
    """The program and all that it started. A ``ProgramEnd`` or ``TreeEnd`` follows, where it hadn't ended yet."""


class Finish(Struct, frozen=True):
    """The service is over: everybody is told, and nothing of it stays."""


Action = StartProgram | BeginTry | SendSignal | KillTree | Finish
