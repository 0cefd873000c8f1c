"""Things that are due at a time: retries, time limits. By the monotonic clock, which nobody sets back."""

import time
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count


def now() -> float:
    return time.monotonic()


class Timers:
    def __init__(self) -> None:
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._added = count()

    def add(self, seconds: float, act: Callable[[], None]) -> None:
        heappush(self._due, (now() + seconds, next(self._added), act))

    def fire(self) -> None:
        """Do what is due."""
        while self._due and self._due[0][0] <= now():
            heappop(self._due)[2]()

    @property
    def seconds(self) -> float | None:
        """Until the next one; ``None`` where there is none."""
        return max(0.0, self._due[0][0] - now()) if self._due else None
