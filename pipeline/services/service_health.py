"""Whether a service's program is ready, and later whether it still works: by answers, and by what it says itself."""

from pipeline.services.definition import CommandProbe, NotifyProbe, ServiceDefinition, ServiceProbe
from pipeline.services.events import TryResult

QUICK = 0.04  # seconds between the first tries, so that readiness is seen within 60 ms on a busy machine, too
QUICK_SECONDS = 30.0  # from the start, in which they stay so quick
COMMAND_SHARE = 10  # times as long as a command takes, nothing is asked: a tenth of a processor at most


class ServiceHealth:
    """Over one program, from its start. Nothing is asked here: it is told when to ask what."""

    def __init__(self, definition: ServiceDefinition, now: float) -> None:
        self._ready = definition.ready
        self._alive = definition.alive
        self._began = now
        self._ready_at: float | None = None
        self._try_at: float | None = None if isinstance(definition.ready.way, NotifyProbe) else now + QUICK
        self._is_trying = False
        self._tried_at = now
        self._pause = QUICK
        self._well = 0  # answers in a row
        self._ill = 0
        self._watchdog: float | None = None  # its period, where it has one
        self._watchdog_at = now  # by when it must have said so
        self.last_answer = ""

    @property
    def awaits_word(self) -> bool:
        """Whether its own word says that it is ready."""
        return isinstance(self._ready.way, NotifyProbe)

    def due(self) -> float | None:
        times = [] if self._try_at is None or self._is_trying else [self._try_at]
        if self._ready_at is not None and self._watchdog is not None:
            times.append(self._watchdog_at)
        return min(times, default=None)

    def probe(self, now: float) -> ServiceProbe | None:
        """What is to be asked now, if anything; its answer is awaited from then on."""
        probe = self._ready if self._ready_at is None else self._alive
        if self._try_at is None or self._is_trying or now < self._try_at:
            return None
        self._is_trying, self._tried_at = True, now
        return probe

    def hurry(self, now: float) -> None:
        """Ask at once: it says that it is ready, and its word alone isn't enough."""
        self._try_at = now

    def first_answer(self, answer: TryResult, now: float) -> bool:
        """Whether it is ready by this answer."""
        self._is_trying = False
        self._well = self._well + 1 if answer.is_well else 0
        if self._well >= self._ready.success_threshold:
            return True
        self.last_answer = answer.text
        self._try_at = now + (self._next_pause(now) if answer.was_noticed else QUICK)
        return False

    def be_ready(self, now: float) -> None:
        """From now on it is asked whether it still works."""
        self._ready_at, self._try_at = now, None
        if self._alive is None:
            return
        if isinstance(self._alive.way, NotifyProbe):
            self._watchdog = self._watchdog or self._alive.period
            self._watchdog_at = now + max(self._watchdog, self._alive.grace)
        else:
            self._try_at = now + self._alive.period

    def later_answer(self, answer: TryResult, now: float) -> str | None:
        """Why it counts as dead by this answer; ``None`` where it doesn't."""
        self._is_trying = False
        if self._alive is None or self._ready_at is None:
            return None
        self._try_at = now + self._alive.period
        if answer.is_well or now < self._ready_at + self._alive.grace:
            self._ill = 0
            return None
        self._ill += 1
        return f"{answer.text}, {self._ill} times in a row" if self._ill >= self._alive.failure_threshold else None

    def heard(self, now: float, period: float | None, is_alive: bool) -> None:
        """It has said WATCHDOG=1, or changed the ``period`` in which it will."""
        if period is not None and self._alive is not None and isinstance(self._alive.way, NotifyProbe):
            self._watchdog, self._watchdog_at = period, now + period
        if is_alive and self._watchdog is not None:
            self._watchdog_at = now + self._watchdog

    def silence(self, now: float) -> str | None:
        """Why it counts as dead since it has said nothing; ``None`` where it doesn't."""
        if self._ready_at is None or self._watchdog is None or now < self._watchdog_at:
            return None
        return f"it didn't say WATCHDOG=1 for {self._watchdog:g} s"

    def _next_pause(self, now: float) -> float:
        """Quick at first; a command, which costs a process each time, is as quick as it is cheap."""
        is_command = isinstance(self._ready.way, CommandProbe)
        cost = COMMAND_SHARE * (now - self._tried_at) if is_command else 0.0
        pause = min(max(self._pause, cost), self._ready.period)
        if now - self._began > QUICK_SECONDS:
            self._pause = min(2 * self._pause, self._ready.period)
        return pause
