"""One program of a service, from its start to its end: how long it may take for each, and whether it has been well."""

from pipeline.services.bounds import STABLE_SECONDS, TimeLimit
from pipeline.services.definition import ServiceDefinition
from pipeline.services.events import Notification, ProgramEnd
from pipeline.services.phases import ServicePhase
from pipeline.services.service_health import ServiceHealth
from pipeline.services.status import FailureKind

BOUNDED = {ServicePhase.STARTING, ServicePhase.STOPPING}  # in which it has a limit of time
ASKED = {ServicePhase.STARTING, ServicePhase.READY}  # in which it is asked how it is


class ProgramCourse:
    """Times are in seconds of a clock that only goes forward."""

    def __init__(self, definition: ServiceDefinition, now: float) -> None:
        self.vigil = ServiceHealth(definition, now)
        self.message = ""  # what the program said of itself
        self.is_killed = False
        self._definition = definition
        self._began = now
        self._ready_at = now
        self._limit = TimeLimit(now, definition.ready.start_timeout)  # of the start, or of the end

    def be_ready(self, now: float) -> None:
        self._ready_at = now
        self.vigil.be_ready(now)

    def be_stopping(self, now: float) -> None:
        self._limit = TimeLimit(now, self._definition.stop.timeout)

    def was_stable(self, now: float) -> bool:
        """Whether it was ready for so long that earlier failures don't count."""
        return now - self._ready_at >= STABLE_SECONDS

    def is_late(self, now: float) -> bool:
        """With its start or its end."""
        return now >= self._limit.at

    def lateness(self, now: float) -> str:
        """What is told of a program that wasn't ready in time."""
        answer = f"; {self.vigil.last_answer}" if self.vigil.last_answer else ""
        return f"it wasn't ready after {now - self._began:.0f} s{answer}"

    def due(self, phase: ServicePhase) -> list[float]:
        """When it is to be looked at."""
        limits = [self._limit.at] if phase in BOUNDED and not self.is_killed else []
        asked = self.vigil.due() if phase in ASKED else None
        return limits if asked is None else [*limits, asked]

    def hear(self, said: Notification, phase: ServicePhase, now: float) -> None:
        """What it says of its progress, and of the time that it needs."""
        if said.status is not None and said.status != self.message:
            self.message = said.status
            if phase is ServicePhase.STARTING:  # it comes on
                self._limit.extend(now + self._definition.ready.start_timeout)
        if said.extension is not None and phase in BOUNDED:
            self._limit.extend(now + said.extension)
        self.vigil.heard(now, said.watchdog, said.is_alive)


def failure_of(end: ProgramEnd, was_ready: bool) -> tuple[FailureKind, str]:
    """What the end of a program means that nobody has asked to end."""
    how = f"was ended by signal {-end.code}" if end.code < 0 else f"ended with exit code {end.code}"
    if was_ready:
        return FailureKind.CRASHED, f"its program {how}"
    if end.is_port_taken:
        return FailureKind.PORT_TAKEN, f"another program has its port; its own one {how}"
    return FailureKind.EXITED_EARLY, f"its program {how} before it was ready"
