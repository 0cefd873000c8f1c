"""Times of tapes: a programme starts there at a full hour, such as 01:00:00 or 10:00:00, and a movie at 0."""

from collections.abc import Sequence
from typing import TypeVar

from subtitling.cues import Cue, TimedWord

Timed = TypeVar("Timed", Cue, TimedWord)

HOUR = 3_600_000  # milliseconds


def hour_of_start(cues: Sequence[Cue], duration: int) -> int:
    """The hour at which the programme starts, where all cues are after the movie's end and would fit into it; else 0.

    ``duration``: of the movie, in milliseconds; 0 if it isn't known.
    """
    if not cues or not 0 < duration < min(cue.start for cue in cues):
        return 0
    hour = min(cue.start for cue in cues) // HOUR
    return hour if max(cue.start for cue in cues) - hour * HOUR < duration else 0


def without_hours(shown: Sequence[Timed], hours: int) -> list[Timed]:
    """Cues or words earlier by so many hours."""
    return [each._replace(start=each.start - hours * HOUR, end=each.end - hours * HOUR) for each in shown]
