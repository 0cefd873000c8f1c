"""What a service's supervisor and its clients say to each other: a line of JSON each."""

from typing import Literal

from pipeline.services.status import ServiceStatus
from pipeline.values import Struct

Ask = Literal["hold", "status", "stop", "kill", "restart"]
HOLD: Ask = "hold"
STATUS: Ask = "status"
STOP: Ask = "stop"
KILL: Ask = "kill"
RESTART: Ask = "restart"
LONGEST_REQUEST = 4096  # bytes


class ServiceRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """``hold``: to use it until the connection ends. ``status``: to be told once.

    ``stop``, ``kill`` (at once, with all that it started), ``restart``: to be told until the connection ends, without
    using it.
    """

    ask: Ask


class ServiceReport(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Which service it is and how it is: each answer, and the content of ``status.json``."""

    key: str
    name: str
    project: str
    supervisor: int  # its pid
    program: int | None = None  # the program's
    users: int = 0
    longest_end: float  # seconds, after which it is killed, also where it asks for more time
    status: ServiceStatus
