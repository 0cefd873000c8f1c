import pytest
from recognition.coverage import measure, uncovered_speech
from recognition.segments import Segment

from tests.stages.recognition.helpers import said

SPEECH = [(0.0, 10.0), (20.0, 30.0)]


def spoken(start: float, end: float) -> Segment:
    return said(start, *["word"] * round((end - start) / 0.5), each=0.5)


def test_speech_with_words_all_over_is_covered() -> None:
    found = measure([spoken(0.0, 10.0), spoken(20.0, 30.0)], SPEECH, 40.0)
    assert (found.speech, found.covered, found.share, found.weaker_half) == (20.0, 20.0, 1.0, 1.0)


def test_a_transcript_that_goes_empty_half_way_shows_in_its_weaker_half() -> None:
    found = measure([spoken(0.0, 10.0), spoken(20.0, 23.0)], SPEECH, 40.0)
    assert found.share == pytest.approx(0.665, abs=0.01)
    assert found.weaker_half == pytest.approx(0.33, abs=0.01)


def test_no_words_cover_nothing() -> None:
    assert measure([], SPEECH, 40.0).share == 0.0


def test_a_word_that_seems_to_last_for_seconds_covers_little() -> None:
    assert measure([said(0.0, "well", each=10.0)], [(0.0, 10.0)], 10.0).share == pytest.approx(0.18)


def test_a_segment_without_word_times_covers_its_time() -> None:
    assert measure([Segment(0.0, 10.0, "Some text")], [(0.0, 10.0)], 10.0).share == 1.0


@pytest.mark.parametrize(("speech", "duration"), [([], 60.0), ([(1.0, 2.0)], 60.0), ([(1.0, 9.0)], 600.0)])
def test_too_little_speech_says_nothing(speech: list[tuple[float, float]], duration: float) -> None:
    assert measure([], speech, duration).share == 1.0


def test_holes_are_where_speech_has_no_words() -> None:
    (hole,) = uncovered_speech([spoken(0.0, 10.0), spoken(20.0, 24.0)], SPEECH, 1.0)
    assert hole == pytest.approx((24.3, 30.0))
