"""How long a service's program may take to start or to end, and how often it is started again."""

LONGEST_PAUSE = 60.0  # seconds before the program is started again
STABLE_SECONDS = 60.0  # that it was ready, after which earlier restarts don't count
EARLY_RESTARTS = 2  # of a program that was never ready: it probably never will be
EXTENSIONS = 10  # times its usual time that a program may ask for, and no longer


class TimeLimit:
    """When it is over; a program may ask for more time, which has an end as well."""

    def __init__(self, now: float, seconds: float) -> None:
        self.at = now + seconds
        self._latest = now + EXTENSIONS * seconds

    def extend(self, until: float) -> None:
        self.at = max(self.at, min(until, self._latest))


class RestartCount:
    """``bound``: so many in a row."""

    def __init__(self, bound: int) -> None:
        self.total = 0
        self.was_ready = False  # any program of the service
        self._bound = bound
        self._in_a_row = 0

    def begin_again(self) -> None:
        """Earlier ones don't count any more."""
        self._in_a_row = 0

    def next_pause(self) -> float | None:
        """Count one more; the seconds before it. ``None`` where there may be none."""
        if self._in_a_row >= (self._bound if self.was_ready else min(self._bound, EARLY_RESTARTS)):
            return None
        pause = min(2.0**self._in_a_row, LONGEST_PAUSE)
        self._in_a_row += 1
        self.total += 1
        return pause
