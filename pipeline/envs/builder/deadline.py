"""The time that a whole build may take."""

import time
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Deadline:
    seconds: float
    _start: float = field(default_factory=time.monotonic)

    def left(self) -> float:
        """Never nothing: what has no time is started, and ended at once."""
        return max(0.001, self._start + self.seconds - time.monotonic())

    def spent(self) -> float:
        return time.monotonic() - self._start

    def __str__(self) -> str:
        return f"{self.seconds / 60:g} min" if self.seconds >= 60 else f"{self.seconds:g} s"
