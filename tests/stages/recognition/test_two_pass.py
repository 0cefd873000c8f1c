"""The whole way with a recogniser that says what a test wants."""

from collections.abc import Callable, Sequence

import pytest
from recognition.intervals import Interval
from recognition.segments import Segment
from recognition.two_pass import (
    TRANSCRIPT_GAPS,
    TRANSLATION_GAPS,
    GapLimits,
    RecognisedSpeech,
    SpeechActivity,
    recognise,
)
from recognition.windows import Window

from tests.stages.recognition.helpers import probabilities, said, text

SPEECH: list[Interval] = [(1.0, 5.0), (40.0, 44.0)]
Says = Callable[[Window, bool], list[Segment]]


def words(start: float, end: float, *texts: str) -> Segment:
    each = (end - start) / len(texts)
    return said(start, *texts, each=each)


def recognised(
    says: Says, speech: list[Interval] = SPEECH, duration: float = 60.0, limits: GapLimits = TRANSCRIPT_GAPS
) -> tuple[RecognisedSpeech, list[tuple[Window, bool]]]:
    asked = []

    def recogniser(windows: Sequence[Window], careful: bool) -> list[list[Segment]]:
        asked.extend([(window, careful) for window in windows])
        return [says(window, careful) for window in windows]

    return recognise(SpeechActivity(speech, probabilities(duration, speech), duration), recogniser, limits), asked


FIRST = words(1.0, 5.0, "It", "was", "the", "best", "of", "times.")
SECOND = words(40.0, 44.0, "It", "was", "the", "worst", "of", "times.")


def test_what_covers_the_speech_is_recognised_once() -> None:
    found, asked = recognised(lambda window, careful: [FIRST, SECOND])
    assert text(found.segments) == "It was the best of times. It was the worst of times."
    assert len(asked) == 1
    assert found.dropped == []


def test_silence_is_not_recognised_at_all() -> None:
    found, asked = recognised(lambda window, careful: [], speech=[])
    assert (found.segments, asked) == ([], [])


def test_a_time_after_the_end_of_the_audio_is_no_text() -> None:
    """A window that is filled up to half a minute; its text is a phrase that recognisers like to invent."""
    late = words(57.0, 58.0, "Thank", "you.")
    found, _ = recognised(lambda window, careful: [FIRST, SECOND, late], duration=45.0)
    assert text(found.segments) == text([FIRST, SECOND])
    assert [each.text for each in found.dropped] == [late.text]


def test_speech_that_got_no_words_is_recognised_again() -> None:
    found, asked = recognised(lambda window, careful: [SECOND] if careful else [FIRST])
    assert text(found.segments) == text([FIRST, SECOND])
    assert [careful for _, careful in asked] == [False, True]
    assert asked[1][0].start == pytest.approx(39.8)


def test_a_second_time_brings_only_words_that_were_missing() -> None:
    found, _ = recognised(lambda window, careful: [FIRST, SECOND] if careful else [FIRST])
    assert text(found.segments) == text([FIRST, SECOND])


def test_speech_that_gets_no_words_twice_stays_without() -> None:
    found, asked = recognised(lambda window, careful: [] if careful else [FIRST])
    assert text(found.segments) == FIRST.text
    assert len(asked) == 2


def test_what_is_not_believed_is_recognised_again_and_told() -> None:
    fast = words(40.0, 40.3, "Thank", "you", "very", "much", "for", "that.")
    found, _ = recognised(lambda window, careful: [SECOND] if careful else [FIRST, fast])
    assert text(found.segments) == text([FIRST, SECOND])
    (dropped,) = found.dropped
    assert dropped.text == fast.text
    assert dropped.reason.startswith("too fast to be spoken")


def test_what_is_not_believed_twice_is_told_once() -> None:
    unsure = said(40.0, "Thank", "you.", sure=0.2)
    found, _ = recognised(lambda window, careful: [FIRST, unsure])
    assert text(found.segments) == FIRST.text
    assert [each.text for each in found.dropped] == ["Thank you."]


LOOP = ["I", "am", "so", "sorry."] * 5


def test_a_loop_that_stays_one_keeps_its_first_turn() -> None:
    found, _ = recognised(lambda window, careful: [FIRST, words(40.0, 44.0, *LOOP)])
    assert text(found.segments) == f"{FIRST.text} I am so sorry."
    assert [each.reason for each in found.dropped][-1] == "the same words 5 times in a row"


def test_a_loop_that_the_recogniser_is_not_sure_of_goes_as_a_whole() -> None:
    found, _ = recognised(lambda window, careful: [FIRST, said(40.0, *LOOP, each=0.2, sure=0.3)])
    assert text(found.segments) == FIRST.text


def test_what_the_recogniser_itself_takes_for_noise_is_no_speech() -> None:
    found, _ = recognised(
        lambda window, careful: [FIRST, said(40.0, "whoo", each=4.0, no_speech=0.9, log_probability=-2.0)]
    )
    assert text(found.segments) == FIRST.text
    assert found.false_speech == [(40.0, 44.0)]


def test_a_segment_across_a_pause_that_was_cut_out_is_parted() -> None:
    across = Segment(4.0, 41.0, "times it", (*words(4.0, 5.0, "times").words, *words(40.0, 44.0, "it", "was").words))
    found, _ = recognised(lambda window, careful: [words(1.0, 4.0, "It", "was", "the", "best", "of"), across])
    assert [segment.text for segment in found.segments] == ["It was the best of", "times", "it was"]


def test_windows_that_overlap_become_one_text() -> None:
    one_go = [(0.0, 50.0)]
    counted = [f"w{second}" for second in range(50)]

    def says(window: Window, careful: bool) -> list[Segment]:
        inside = [second for second in range(50) if window.start <= second and second + 1 <= window.end]
        return [said(float(inside[0]), *[counted[second] for second in inside], each=1.0)]

    found, asked = recognised(says, one_go, 50.0)
    assert text(found.segments).split() == counted
    assert len(asked) > 1


def test_a_moment_without_words_is_no_hole_in_a_translation() -> None:
    speech = [(1.0, 6.5), (40.0, 44.0)]
    found, asked = recognised(lambda window, careful: [FIRST, SECOND], speech, limits=TRANSLATION_GAPS)
    assert [careful for _, careful in asked] == [False]
    assert text(found.segments) == text([FIRST, SECOND])
    _, asked = recognised(lambda window, careful: [FIRST, SECOND], speech)
    assert [careful for _, careful in asked] == [False, True]


def test_a_sentence_without_words_is_a_hole_in_a_translation_whatever_its_pauses() -> None:
    speech = [(1.0, 5.0), (40.0, 41.2), (41.6, 42.8), (43.2, 44.0)]
    found, asked = recognised(lambda window, careful: [SECOND] if careful else [FIRST], speech, limits=TRANSLATION_GAPS)
    assert [careful for _, careful in asked] == [False, True]
    assert text(found.segments) == text([FIRST, SECOND])
