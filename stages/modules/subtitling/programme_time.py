"""Times of tapes: a programme starts there at a full hour, such as 01:00:00 or 10:00:00, and a movie at 0."""

from collections.abc import Sequence

from subtitling.cues import Cue

HOUR = 3_600_000  # milliseconds


def hour_of_start(cues: Sequence[Cue], duration: int) -> int:
    """The hour at which the programme starts, where all cues are after the movie's end and would fit into it; else 0.

    ``duration``: of the movie, in milliseconds; 0 if it isn't known.
    """
    if not cues or not 0 < duration < min(cue.start for cue in cues):
        return 0
    hour = min(cue.start for cue in cues) // HOUR
    return hour if max(cue.start for cue in cues) - hour * HOUR < duration else 0


def without_hours(cues: Sequence[Cue], hours: int) -> list[Cue]:
    """The cues earlier by so many hours."""
    return [cue._replace(start=cue.start - hours * HOUR, end=cue.end - hours * HOUR) for cue in cues]
