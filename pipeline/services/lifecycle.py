"""When a service's program is started, asked, ended and started again.

What happens goes in, and what is to be done comes out. Nothing is started or looked at here, and the time is given, so
that every course of events can be tried in no time.
"""

from collections.abc import Callable
from typing import Any

from pipeline.services.bounds import RestartCount
from pipeline.services.definition import ServiceDefinition
from pipeline.services.events import (
    Action,
    BeginTry,
    Finish,
    Happening,
    KillRequest,
    KillTree,
    Notification,
    ProgramEnd,
    RestartRequest,
    SendSignal,
    StartFailure,
    StartProgram,
    StopRequest,
    Timer,
    TreeEnd,
    TryResult,
    UserCount,
)
from pipeline.services.phases import STATES, UNFINISHED, Sequel, ServicePhase
from pipeline.services.program_course import ProgramCourse, failure_of
from pipeline.services.service_users import ServiceUsers
from pipeline.services.status import FailureKind, ServiceState


class Lifecycle:
    """One service. Times are in seconds of a clock that only goes forward."""

    def __init__(self, definition: ServiceDefinition, now: float) -> None:
        self.phase = ServicePhase.WAITING
        self.failure: tuple[FailureKind, str] | None = None  # the last one
        self._definition = definition
        self._users = ServiceUsers(definition.idle_seconds, now)
        self._has_failed = False
        self._restarts = RestartCount(definition.restarts)
        self._start_at = now  # where it waits
        self._new_ports = False
        self._program = ProgramCourse(definition, now)
        self._sequel = Sequel.END
        self._is_idle_end = False
        self._handlers: dict[type, Callable[[Any, float], list[Action]]] = {
            Timer: self._on_time,
            ProgramEnd: self._on_end,
            TreeEnd: self._on_tree_end,
            StartFailure: self._on_start_failure,
            TryResult: self._on_answer,
            Notification: self._on_notification,
            UserCount: self._on_users,
            StopRequest: self._on_stop_request,
            KillRequest: self._on_kill_request,
            RestartRequest: self._on_restart_request,
        }

    @property
    def message(self) -> str:
        """What the program said of itself."""
        return self._program.message

    @property
    def restarts(self) -> int:
        """Since the beginning."""
        return self._restarts.total

    @property
    def state(self) -> ServiceState:
        if self.phase is ServicePhase.OVER:
            return ServiceState.FAILED if self._has_failed else ServiceState.ENDED
        return STATES[self.phase]

    def due(self) -> float | None:
        """When a ``Timer`` is to come; ``None``: never."""
        times = self._program.due(self.phase)
        if self.phase is ServicePhase.WAITING:
            times.append(self._start_at)
        if self.phase in UNFINISHED and (end := self._users.due()) is not None:
            times.append(end)
        return min(times, default=None)

    def handle(self, event: Happening, now: float) -> list[Action]:
        """What is to be done, in this order."""
        return self._handlers[type(event)](event, now)

    # Time

    def _on_time(self, _event: Timer, now: float) -> list[Action]:
        if self.phase in UNFINISHED and self._users.has_lost_patience(now):
            self._is_idle_end = True
            return self._over() if self.phase is ServicePhase.WAITING else self._stop(Sequel.END, now)
        handlers: dict[ServicePhase, Callable[[float], list[Action]]] = {
            ServicePhase.STARTING: self._while_starting,
            ServicePhase.READY: self._while_ready,
            ServicePhase.STOPPING: self._while_stopping,
            ServicePhase.WAITING: lambda now: self._start(now) if now >= self._start_at else [],
            ServicePhase.OVER: lambda _: [],
        }
        return handlers[self.phase](now)

    def _while_starting(self, now: float) -> list[Action]:
        if not self._program.is_late(now):
            return self._try(now)
        self.failure = FailureKind.NOT_READY, self._program.lateness(now)
        return self._stop(Sequel.FAIL, now)

    def _while_ready(self, now: float) -> list[Action]:
        silence = self._program.vigil.silence(now)
        return self._try(now) if silence is None else self._not_alive(silence, now)

    def _while_stopping(self, now: float) -> list[Action]:
        return self._kill() if self._program.is_late(now) and not self._program.is_killed else []

    def _kill(self) -> list[Action]:
        self._program.is_killed = True
        return [KillTree()]

    def _try(self, now: float) -> list[Action]:
        probe = self._program.vigil.probe(now)
        return [] if probe is None else [BeginTry(probe)]

    # Starting

    def _start(self, now: float) -> list[Action]:
        self.phase = ServicePhase.STARTING
        self._program = ProgramCourse(self._definition, now)
        self._is_idle_end = False
        new_ports, self._new_ports = self._new_ports, False
        return [StartProgram(new_ports)]

    def _on_start_failure(self, event: StartFailure, now: float) -> list[Action]:
        self.failure = FailureKind.PORT_TAKEN if event.is_port_taken else FailureKind.START_FAILED, event.text
        return self._failed() if event.is_final or not self._restarts.was_ready else self._retry(now)

    def _ready(self, now: float) -> list[Action]:
        self.phase = ServicePhase.READY
        self._restarts.was_ready = True
        self._program.be_ready(now)
        return []

    # Answers

    def _on_answer(self, event: TryResult, now: float) -> list[Action]:
        if self.phase is ServicePhase.STARTING:
            return self._ready(now) if self._program.vigil.first_answer(event, now) else []
        if self.phase is ServicePhase.READY and (why := self._program.vigil.later_answer(event, now)) is not None:
            return self._not_alive(why, now)
        return []

    def _not_alive(self, text: str, now: float) -> list[Action]:
        self.failure = FailureKind.NOT_ALIVE, text
        return self._stop(Sequel.RETRY, now)

    def _on_notification(self, event: Notification, now: float) -> list[Action]:
        self._program.hear(event, self.phase, now)
        if self.phase is ServicePhase.READY and event.is_ill:
            return self._not_alive("it said WATCHDOG=trigger", now)
        if event.is_stopping and self.phase in {ServicePhase.STARTING, ServicePhase.READY}:
            return self._leave(now)
        return self._on_ready_message(now) if event.is_ready and self.phase is ServicePhase.STARTING else []

    def _on_ready_message(self, now: float) -> list[Action]:
        if self._program.vigil.awaits_word:
            return self._ready(now)
        self._program.vigil.hurry(now)
        return self._try(now)

    # Ending

    def _stop(self, sequel: Sequel, now: float) -> list[Action]:
        self._begin_stop(sequel, now)
        return [SendSignal(self._definition.stop.signal)]

    def _begin_stop(self, sequel: Sequel, now: float) -> None:
        self.phase = ServicePhase.STOPPING
        self._sequel = sequel
        self._program.be_stopping(now)

    def _leave(self, now: float) -> list[Action]:
        """It said that it ends: it needn't be asked."""
        self.failure = FailureKind.CRASHED, "it said STOPPING=1 and ended by itself"
        self._begin_stop(Sequel.RETRY, now)
        return []

    def _on_end(self, event: ProgramEnd, now: float) -> list[Action]:
        if self.phase is ServicePhase.STOPPING:
            if event.has_remains and not self._program.is_killed:
                return [SendSignal(self._definition.stop.signal)]
            return self._stopped(now)
        was_ready = self.phase is ServicePhase.READY
        self.failure = failure_of(event, was_ready)
        if was_ready and self._program.was_stable(now):
            self._restarts.begin_again()
        self._new_ports = self._new_ports or (event.is_port_taken and not was_ready)
        return [KillTree(), *self._retry(now)]

    def _on_tree_end(self, _event: TreeEnd, now: float) -> list[Action]:
        return self._stopped(now) if self.phase is ServicePhase.STOPPING else []

    def _stopped(self, now: float) -> list[Action]:
        if self._sequel is Sequel.RESTART:
            return self._start(now)
        if self._sequel is Sequel.RETRY:
            return self._retry(now)
        return self._failed() if self._sequel is Sequel.FAIL else self._over()

    def _retry(self, now: float) -> list[Action]:
        if not self._users.count:
            return self._over()  # nobody needs it
        pause = self._restarts.next_pause()
        if pause is None:
            return self._failed()
        self.phase, self._start_at = ServicePhase.WAITING, now + (0.0 if self._new_ports else pause)
        return self._start(now) if self._new_ports else []

    def _failed(self) -> list[Action]:
        self._has_failed = True
        return self._over()

    def _over(self) -> list[Action]:
        self.phase = ServicePhase.OVER
        return [Finish()]

    # People

    def _on_users(self, event: UserCount, now: float) -> list[Action]:
        count = event.count
        self._users.become(count, now)
        if count and self.phase is ServicePhase.STOPPING and self._is_idle_end:
            self._sequel = Sequel.RESTART  # somebody came while it was ending
        if count and self.phase is ServicePhase.OVER and self._is_idle_end:
            return self._start(now)
        return []

    def _on_stop_request(self, _event: StopRequest, now: float) -> list[Action]:
        if self.phase is ServicePhase.OVER:
            return []
        if self.phase is ServicePhase.WAITING:
            return self._over()
        self._is_idle_end = False
        if self.phase is ServicePhase.STOPPING:
            self._sequel = Sequel.END
            return []
        return self._stop(Sequel.END, now)

    def _on_kill_request(self, _event: KillRequest, now: float) -> list[Action]:
        if self.phase is ServicePhase.OVER or self._program.is_killed:
            return []
        if self.phase is ServicePhase.WAITING:
            return self._over()
        self._begin_stop(Sequel.END, now)
        return self._kill()

    def _on_restart_request(self, _event: RestartRequest, now: float) -> list[Action]:
        self._restarts.begin_again()
        if self.phase is ServicePhase.OVER:
            return []
        if self.phase is ServicePhase.WAITING:
            return self._start(now)
        if self.phase is ServicePhase.STOPPING:
            self._sequel = Sequel.RESTART
            return []
        return self._stop(Sequel.RESTART, now)
