"""A movie's frames as a clock: cues begin and end with frames where the rate is known, else with milliseconds."""

import math
from dataclasses import dataclass
from fractions import Fraction

USUAL_RATE = 24  # frames per second, where none is known: the slowest that is usual, so that a gap is wide enough


@dataclass(frozen=True)
class Clock:
    """Counts ticks: frames, or milliseconds where ``rate`` is ``None``."""

    rate: Fraction | None = None

    @property
    def ticks_per_second(self) -> Fraction:
        return self.rate or Fraction(1000)

    def nearest(self, milliseconds: float) -> int:
        return math.floor(Fraction(milliseconds) * self.ticks_per_second / 1000 + Fraction(1, 2))

    def at_least(self, seconds: float) -> int:
        """The ticks that last no less. A float's last digits don't ask for another tick: 5/6 s are 20 frames of 24."""
        return math.ceil(Fraction(seconds).limit_denominator(10**6) * self.ticks_per_second)

    def at_most(self, seconds: float) -> int:
        return math.floor(Fraction(seconds).limit_denominator(10**6) * self.ticks_per_second)

    def frames(self, count: int) -> int:
        """Ticks that so many frames take, at least."""
        return count if self.rate else math.ceil(Fraction(1000 * count, USUAL_RATE))

    def milliseconds(self, ticks: int) -> int:
        return round(ticks * 1000 / self.ticks_per_second)


def clock(frame_rate: "str | float | None") -> Clock:
    """Of a rate such as ``25``, ``23.976`` or ``24000/1001``; 0 where none is known. Raises ``ValueError``."""
    if not frame_rate or frame_rate in ("0", "0/0"):
        return Clock()
    try:
        rate = Fraction(str(frame_rate))
    except (ValueError, ZeroDivisionError) as error:
        raise ValueError(f"{frame_rate!r} is no frame rate, such as 25, 23.976 or 24000/1001") from error
    if not 1 <= rate <= 300:
        raise ValueError(f"a frame rate of {frame_rate} can't be: it lies between 1 and 300")
    return Clock(rate)
