"""When cues come and go."""

import pytest
from subtitling import frame_clock
from subtitling.cue_timing import Span, cue_times
from subtitling.frame_clock import FrameClock

from tests.stages.subtitling.helpers import NO_CLOCK, profile_of

LONG = "Incomprehensibilities everywhere!"  # 33 characters: 1.65 s at 20 a second


def times(*spoken: tuple[int, int, str], clock: FrameClock = NO_CLOCK, style: str = "netflix") -> list[Span]:
    spans, texts = [each[:2] for each in spoken], [each[2] for each in spoken]
    return cue_times(spans, texts, profile_of("en", style), clock, 60_000)


def test_a_cue_comes_with_its_words_and_stays_as_long_as_they_last() -> None:
    assert times((1000, 4000, "Slowly.")) == [(1000, 4000)]


def test_a_cue_stays_into_the_silence_until_it_can_be_read_with_ease() -> None:
    ((start, end),) = times((1000, 1900, LONG))
    assert (start, end) == (1000, 1000 + 1942)  # 17 characters a second


def test_a_cue_that_would_be_too_fast_comes_earlier_where_nothing_is_said() -> None:
    first, _ = times((5000, 6000, LONG), (6400, 9000, "Yes."))
    assert first == (4750, 6400)


def test_a_cue_that_would_be_too_fast_takes_time_from_the_next_one_and_that_from_its_own_next() -> None:
    first, second, third = times((0, 1200, LONG), (1300, 2950, LONG), (2984, 6000, "Yes."))
    assert first[1] - first[0] >= 1650
    assert second[1] - second[0] >= 1650
    assert second[0] <= 1300 + 500
    assert third[0] <= 2984 + 500


def test_a_cue_takes_time_that_the_one_before_does_not_need() -> None:
    first, second, _ = times((0, 5000, "Slowly."), (5000, 6300, LONG), (6400, 7233, "No, no, no, no!"))
    assert second[0] == 4750
    assert first == (0, 4666)


def test_no_cue_is_made_too_fast_for_another_one() -> None:
    _, second, _ = times((0, 1000, LONG), (1000, 2650, LONG), (2734, 4384, LONG))
    assert second[1] - second[0] >= 1566


def test_a_cue_does_not_come_earlier_where_it_can_be_read() -> None:
    first, _ = times((5000, 6000, "Yes?"), (6100, 9000, "Yes."))
    assert first[0] == 5000


def test_a_cue_that_leaves_no_time_to_the_next_one_delays_it() -> None:
    assert times((1000, 1100, "No!"), (1100, 3000, "Yes.")) == [(1000, 1834), (1918, 3000)]


def test_a_cue_goes_after_seven_seconds() -> None:
    assert times((1000, 20_000, "Slowly.")) == [(1000, 8000)]


def test_the_bbc_gives_each_word_three_tenths_of_a_second() -> None:
    assert times((1000, 1100, "I do so, as I am"), style="bbc") == [(1000, 2800)]


@pytest.mark.parametrize(
    ("rate", "shortest"), [(24, 833), (25, 840), ("24000/1001", 834), (30, 833), ("60000/1001", 834), (23.976, 834)]
)
def test_five_sixths_of_a_second_are_whole_frames(rate: str | float, shortest: int) -> None:
    ((start, end),) = times((0, 100, "No!"), clock=frame_clock.clock_of_rate(rate))
    assert (start, end) == (0, shortest)


@pytest.mark.parametrize("rate", [0, "", None, "0", "0/0", 0.0])
def test_no_rate_counts_milliseconds(rate: str | float | None) -> None:
    assert frame_clock.clock_of_rate(rate) == FrameClock()


@pytest.mark.parametrize("rate", ["fast", "25/0", "0.5", "-25", "1000", "nan", "inf"])
def test_a_rate_that_can_not_be_is_refused(rate: str) -> None:
    with pytest.raises(ValueError, match="frame rate"):
        frame_clock.clock_of_rate(rate)
