"""Cues that count from a tape's start."""

import pytest
from subtitling.cues import Cue
from subtitling.programme_time import hour_of_start, without_hours

HOUR = 3_600_000


@pytest.mark.parametrize(
    ("start", "last", "duration", "hour"),
    [
        (HOUR + 1000, HOUR + 9000, 60_000, 1),
        (10 * HOUR, 10 * HOUR + 9000, 60_000, 10),
        (HOUR + 1000, HOUR + 90_000, 60_000, 0),
        (HOUR + 1000, HOUR + 9000, 2 * HOUR, 0),
        (HOUR + 1000, HOUR + 9000, 0, 0),
        (70_000, 80_000, 60_000, 0),
    ],
)
def test_an_hour_is_a_tape_s_only_if_all_cues_are_after_the_end_and_fit(
    start: int, last: int, duration: int, hour: int
) -> None:
    assert hour_of_start([Cue(start, start + 500, "a"), Cue(last, last + 500, "b")], duration) == hour


def test_cues_become_earlier_by_hours() -> None:
    assert without_hours([Cue(HOUR + 5, HOUR + 9, "a")], 1) == [Cue(5, 9, "a")]
