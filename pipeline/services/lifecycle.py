"""When a service's program is started, asked, ended and started again.

What happens goes in, and what is to be done comes out. Nothing is started or looked at here, and the time is given, so
that every course of events can be tried in no time.
"""

from collections.abc import Callable
from typing import Any

from pipeline.services.bounds import STABLE_SECONDS, RestartCount, TimeLimit
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
from pipeline.services.status import FailureKind, ServiceState
from pipeline.services.vigil import Vigil

FIRST_USER_SECONDS = 10.0


class Lifecycle:
    """One service. Times are in seconds of a clock that only goes forward."""

    def __init__(self, definition: ServiceDefinition, now: float) -> None:
        self.phase = ServicePhase.WAITING
        self.message = ""  # what the program said of itself
        self.failure: tuple[FailureKind, str] | None = None  # the last one
        self._definition = definition
        self._users = 0
        # Who had it started is about to come, and has some time for it.
        self._idle_since = now + max(0.0, FIRST_USER_SECONDS - definition.idle_seconds)
        self._has_failed = False
        self._restarts = RestartCount(definition.restarts)
        self._start_at = now  # where it waits
        self._new_ports = False
        self._began = now  # the program
        self._ready_at = now
        self._limit = TimeLimit(now, 0.0)  # of the start, or of the end
        self._vigil = Vigil(definition, now)
        self._sequel = Sequel.END
        self._is_idle_end = False
        self._is_killed = False
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
        times: list[float] = []
        if self.phase in {ServicePhase.STARTING, ServicePhase.STOPPING} and not self._is_killed:
            times.append(self._limit.at)
        if self.phase is ServicePhase.WAITING:
            times.append(self._start_at)
        if self.phase in {ServicePhase.STARTING, ServicePhase.READY} and (due := self._vigil.due()) is not None:
            times.append(due)
        if self._users == 0 and self.phase in UNFINISHED:
            times.append(self._idle_since + self._definition.idle_seconds)
        return min(times, default=None)

    def handle(self, event: Happening, now: float) -> list[Action]:
        """What is to be done, in this order."""
        return self._handlers[type(event)](event, now)

    # Time

    def _on_time(self, _event: Timer, now: float) -> list[Action]:
        if self._users == 0 and self.phase in UNFINISHED and now >= self._idle_since + self._definition.idle_seconds:
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
        if now < self._limit.at:
            return self._try(now)
        self.failure = FailureKind.NOT_READY, self._not_ready(now)
        return self._stop(Sequel.FAIL, now)

    def _while_ready(self, now: float) -> list[Action]:
        silence = self._vigil.silence(now)
        return self._try(now) if silence is None else self._not_alive(silence, now)

    def _while_stopping(self, now: float) -> list[Action]:
        if now < self._limit.at or self._is_killed:
            return []
        self._is_killed = True
        return [KillTree()]

    def _try(self, now: float) -> list[Action]:
        probe = self._vigil.probe(now)
        return [] if probe is None else [BeginTry(probe)]

    def _not_ready(self, now: float) -> str:
        answer = f"; {self._vigil.last_answer}" if self._vigil.last_answer else ""
        return f"it wasn't ready after {now - self._began:.0f} s{answer}"

    # Starting

    def _start(self, now: float) -> list[Action]:
        self.phase = ServicePhase.STARTING
        self.message = ""
        self._began = now
        self._limit = TimeLimit(now, self._definition.ready.start_timeout)
        self._vigil = Vigil(self._definition, now)
        self._is_killed, self._is_idle_end = False, False
        new_ports, self._new_ports = self._new_ports, False
        return [StartProgram(new_ports)]

    def _on_start_failure(self, event: StartFailure, now: float) -> list[Action]:
        self.failure = FailureKind.PORT_TAKEN if event.is_port_taken else FailureKind.START_FAILED, event.text
        return self._failed() if event.is_final or not self._restarts.was_ready else self._retry(now)

    def _ready(self, now: float) -> list[Action]:
        self.phase = ServicePhase.READY
        self._restarts.was_ready = True
        self._ready_at = now
        self._vigil.be_ready(now)
        return []

    # Answers

    def _on_answer(self, event: TryResult, now: float) -> list[Action]:
        if self.phase is ServicePhase.STARTING:
            return self._ready(now) if self._vigil.first_answer(event, now) else []
        if self.phase is ServicePhase.READY and (why := self._vigil.later_answer(event, now)) is not None:
            return self._not_alive(why, now)
        return []

    def _not_alive(self, text: str, now: float) -> list[Action]:
        self.failure = FailureKind.NOT_ALIVE, text
        return self._stop(Sequel.RETRY, now)

    def _on_notification(self, event: Notification, now: float) -> list[Action]:
        if event.status is not None and event.status != self.message:
            self.message = event.status
            if self.phase is ServicePhase.STARTING:  # it comes on
                self._limit.extend(now + self._definition.ready.start_timeout)
        if event.extension is not None and self.phase in {ServicePhase.STARTING, ServicePhase.STOPPING}:
            self._limit.extend(now + event.extension)
        self._vigil.heard(now, event.watchdog, event.is_alive)
        if self.phase is ServicePhase.READY and event.is_ill:
            return self._not_alive("it said WATCHDOG=trigger", now)
        if event.is_stopping and self.phase in {ServicePhase.STARTING, ServicePhase.READY}:
            return self._leave(now)
        return self._on_ready_message(now) if event.is_ready and self.phase is ServicePhase.STARTING else []

    def _on_ready_message(self, now: float) -> list[Action]:
        if self._vigil.awaits_word:
            return self._ready(now)
        self._vigil.hurry(now)
        return self._try(now)

    # Ending

    def _stop(self, sequel: Sequel, now: float) -> list[Action]:
        self._begin_stop(sequel, now)
        return [SendSignal(self._definition.stop.signal)]

    def _begin_stop(self, sequel: Sequel, now: float) -> None:
        self.phase = ServicePhase.STOPPING
        self._sequel = sequel
        self._limit = TimeLimit(now, self._definition.stop.timeout)

    def _leave(self, now: float) -> list[Action]:
        """It said that it ends: it needn't be asked."""
        self.failure = FailureKind.CRASHED, "it said STOPPING=1 and ended by itself"
        self._begin_stop(Sequel.RETRY, now)
        return []

    def _on_end(self, event: ProgramEnd, now: float) -> list[Action]:
        if self.phase is ServicePhase.STOPPING:
            if event.has_remains and not self._is_killed:
                return [SendSignal(self._definition.stop.signal)]
            return self._stopped(now)
        how = _described(event.code)
        if self.phase is ServicePhase.READY:
            self.failure = FailureKind.CRASHED, f"its program {how}"
            if now - self._ready_at >= STABLE_SECONDS:
                self._restarts.begin_anew()
        elif event.is_port_taken:
            self.failure = FailureKind.PORT_TAKEN, f"another program has its port; its own one {how}"
            self._new_ports = True
        else:
            self.failure = FailureKind.EXITED_EARLY, f"its program {how} before it was ready"
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
        if self._users == 0:
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
        if count == 0 and self._users > 0:
            self._idle_since = now
        self._users = count
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
        if self.phase is ServicePhase.OVER or self._is_killed:
            return []
        if self.phase is ServicePhase.WAITING:
            return self._over()
        self._begin_stop(Sequel.END, now)
        self._is_killed = True
        return [KillTree()]

    def _on_restart_request(self, _event: RestartRequest, now: float) -> list[Action]:
        self._restarts.begin_anew()
        if self.phase is ServicePhase.OVER:
            return []
        if self.phase is ServicePhase.WAITING:
            return self._start(now)
        if self.phase is ServicePhase.STOPPING:
            self._sequel = Sequel.RESTART
            return []
        return self._stop(Sequel.RESTART, now)


def _described(code: int) -> str:
    return f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
