from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recognition.intervals import Interval, difference, intersection, length, merged
from recognition.voice_activity import FRAME
from recognition.windows import LONGEST, MARGIN, OVERLAP, Window, WindowLimits, cut

from tests.stages.recognition.helpers import probabilities

# Of each frame how likely it is speech: quieter here and there, and long enough for all tests.
QUIETER = [0.9 - 0.1 * (index % 7 == 3) - 0.2 * (index % 311 == 200) for index in range(int(2000 / FRAME) + 1)]


def windows(speech: list[Interval], duration: float = 600.0) -> list[Window]:
    return cut(speech, QUIETER[: int(duration / FRAME) + 1], duration)


@st.composite
def talks(draw: st.DrawFn) -> list[Interval]:
    speech, clock = [], 0.0
    for pause, size in draw(st.lists(st.tuples(st.floats(0.1, 8), st.floats(0.1, 70)), max_size=14)):
        speech.append((clock + pause, clock + pause + size))
        clock += pause + size
    return speech


@settings(deadline=None)
@given(talks())
def test_all_speech_is_in_windows_that_are_not_too_long(speech: list[Interval]) -> None:
    duration = speech[-1][1] + 1 if speech else 1.0
    found = windows(speech, duration)
    audio = merged(piece for window in found for piece in window.pieces)
    assert difference(speech, audio) == []
    assert all(window.duration <= LONGEST + 0.001 for window in found)
    assert all(0 <= window.start <= window.end <= duration for window in found)


@settings(deadline=None)
@given(talks())
def test_windows_overlap_only_around_a_seam(speech: list[Interval]) -> None:
    found = windows(speech, 2000.0)
    for before, after in pairwise(found):
        shared = length(intersection(list(before.pieces), list(after.pieces)))
        assert shared == pytest.approx(2 * OVERLAP if after.seam is not None else 0.0, abs=0.2)


def test_long_pauses_are_left_out() -> None:
    (window,) = windows([(10.0, 12.0), (100.0, 103.0)])
    assert window.pieces == ((10 - MARGIN, 12 + MARGIN), (100 - MARGIN, 103 + MARGIN))


def test_short_pauses_stay() -> None:
    (window,) = windows([(10.0, 12.0), (12.3, 15.0)])
    assert window.pieces == ((10 - MARGIN, 15 + MARGIN),)


def test_a_cut_is_in_the_longest_pause_among_those_that_need_no_window_more() -> None:
    speech = [(0.0, 12.0), (12.2, 22.0), (23.0, 28.0), (28.2, 45.0)]
    assert [(window.start, window.end) for window in windows(speech)] == [(0.0, 22.2), (22.8, 45.2)]


def test_there_are_no_more_windows_than_needed() -> None:
    speech = [(float(start), start + 9.0) for start in range(0, 120, 10)]  # three of them with their margins fit
    assert len(windows(speech)) == 4


def test_no_speech_needs_no_window() -> None:
    assert windows([]) == []


def test_speech_without_a_pause_is_cut_at_its_quietest_place_with_an_overlap() -> None:
    said = probabilities(40.0, [(0.0, 40.0)])
    said[625:630] = [0.6] * 5  # at 20 s
    first, second = cut([(0.0, 40.0)], said, 40.0)
    assert second.seam == pytest.approx(20.0, abs=0.1)
    assert (first.end, second.start) == pytest.approx((21.0, 19.0), abs=0.1)


def test_a_time_in_a_window_is_one_in_the_audio() -> None:
    window = Window(((10.0, 12.0), (100.0, 103.0)))
    assert window.audio_times(0.5, 1.0) == (10.5, 11.0)
    assert window.audio_times(2.5, 3.0) == (100.5, 101.0)


@pytest.mark.parametrize(
    ("start", "end", "times"),
    [(1.8, 2.1, (11.8, 12.0)), (1.9, 2.4, (100.0, 100.4)), (4.9, 9.0, (102.9, 103.0)), (-1.0, 0.5, (10.0, 10.5))],
)
def test_a_word_is_wholly_in_the_piece_where_its_middle_is(start: float, end: float, times: Interval) -> None:
    assert Window(((10.0, 12.0), (100.0, 103.0))).audio_times(start, end) == pytest.approx(times)


def test_a_window_ends_at_a_pause_that_is_longer_than_it_may_leave_out() -> None:
    speech = [(0.0, 2.0), (2.5, 4.0), (6.0, 8.0)]
    assert len(cut(speech, QUIETER, 10.0)) <= 2
    first, second = cut(speech, QUIETER, 10.0, WindowLimits(12.0, 1.0))
    assert (first.start, first.pieces[-1][1] <= 4.2, second.start >= 5.7) == (0.0, True, True)


def test_a_window_of_a_recogniser_that_takes_less_at_once_is_shorter() -> None:
    speech = [(float(start), start + 3.0) for start in range(0, 40, 4)]
    assert max(window.duration for window in cut(speech, QUIETER, 45.0, WindowLimits(12.0))) <= 12.0
