"""The movie's frames as a clock: cues start and end with frames if the rate is known, else with milliseconds."""

import math
from dataclasses import dataclass
from fractions import Fraction

USUAL_RATE = 24  # frames per second, where the rate isn't known: the slowest usual one, so that gaps are wide enough


@dataclass(frozen=True)
class FrameClock:
    """Counts ticks: frames, or milliseconds where ``rate`` is ``None``."""

    rate: Fraction | None = None

    @property
    def ticks_per_second(self) -> Fraction:
        return self.rate or Fraction(1000)

    def nearest(self, milliseconds: float) -> int:
        """The tick nearest to a time."""
        return math.floor(Fraction(milliseconds) * self.ticks_per_second / 1000 + Fraction(1, 2))

    def at_least(self, seconds: float) -> int:
        """The fewest ticks that last so long. Rounding errors of a float add none: 5/6 s are 20 frames of 24."""
        return math.ceil(Fraction(seconds).limit_denominator(10**6) * self.ticks_per_second)

    def at_most(self, seconds: float) -> int:
        """The most ticks that last no longer."""
        return math.floor(Fraction(seconds).limit_denominator(10**6) * self.ticks_per_second)

    def frames(self, count: int) -> int:
        """Ticks that last at least ``count`` frames."""
        return count if self.rate else math.ceil(Fraction(1000 * count, USUAL_RATE))

    def milliseconds(self, ticks: int) -> int:
        return round(ticks * 1000 / self.ticks_per_second)


def clock_of_rate(frame_rate: "str | float | None") -> FrameClock:
    """The clock of a rate such as ``25``, ``23.976`` or ``24000/1001``; 0 for an unknown one. Raises ``ValueError``."""
    if not frame_rate or frame_rate in ("0", "0/0"):
        return FrameClock()
    try:
        rate = Fraction(str(frame_rate))
    except (ValueError, ZeroDivisionError) as error:
        raise ValueError(f"{frame_rate!r} is no frame rate, such as 25, 23.976 or 24000/1001") from error
    if not 1 <= rate <= 300:
        raise ValueError(f"a frame rate of {frame_rate} can't be: it lies between 1 and 300")
    return FrameClock(rate)
