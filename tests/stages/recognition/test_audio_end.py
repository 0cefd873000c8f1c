from recognition.audio_end import BEYOND, within_audio
from recognition.segments import Segment, SpokenWord

from tests.stages.recognition.helpers import said, text


def test_what_is_within_the_audio_stays_as_it_is() -> None:
    segments = [said(1.0, "It", "was"), Segment(3.0, 4.0, "late")]
    assert within_audio(segments, 40.0) == (segments, [])


def test_text_after_the_end_is_dropped_with_its_own_time() -> None:
    kept, dropped = within_audio([said(1.0, "It"), said(57.0, "you"), Segment(40.0, 41.0, "bye")], 40.0)
    assert text(kept) == "It"
    assert [(each.text, each.start, each.reason) for each in dropped] == [("you", 57.0, BEYOND), ("bye", 40.0, BEYOND)]


def test_a_segment_that_goes_on_after_the_end_loses_the_words_there() -> None:
    kept, dropped = within_audio([said(39.0, "It", "was", "the", "best")], 40.0)
    assert (text(kept), kept[0].end, dropped[0].text) == ("It was the", 40.0, "best")


def test_a_word_whose_end_can_not_be_true_does_not_push_the_next_ones_away() -> None:
    long = Segment(5.0, 57.0, "one", (SpokenWord(5.0, 57.0, " one", 0.9),))
    kept, _ = within_audio([long, said(7.0, "two"), Segment(39.0, 57.0, "three")], 40.0)
    assert [(each.start, each.end) for each in kept] == [(5.0, 6.5), (7.0, 7.4), (39.0, 40.0)]
