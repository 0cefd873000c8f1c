"""How many use a service, and when it ends for want of them."""

FIRST_USER_SECONDS = 10.0


class ServiceUsers:
    def __init__(self, idle_seconds: float, now: float) -> None:
        """``idle_seconds``: that the service stays without any."""
        self.count = 0
        self._idle_seconds = idle_seconds
        # Who had it started is about to come, and has some time for it.
        self._idle_since = now + max(0.0, FIRST_USER_SECONDS - idle_seconds)

    def become(self, count: int, now: float) -> None:
        if count == 0 and self.count > 0:
            self._idle_since = now
        self.count = count

    def due(self) -> float | None:
        """When the service ends; ``None`` as long as somebody uses it."""
        return None if self.count else self._idle_since + self._idle_seconds

    def has_lost_patience(self, now: float) -> bool:
        due = self.due()
        return due is not None and now >= due
