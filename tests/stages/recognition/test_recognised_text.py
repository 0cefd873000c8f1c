"""What a model says of a window, as segments of the audio."""

from recognition.recognised_text import RecognisedText, segments_of
from recognition.timed_tokens import TimedToken
from recognition.windows import Window

WINDOW = Window(((10.0, 12.0), (20.0, 24.0)))


def test_each_sentence_is_a_segment_with_the_times_of_its_tokens_in_the_audio() -> None:
    tokens = tuple(TimedToken(text, start, 0.5) for text, start in ((" Yes", 0.5), (".", 0.9), (" No", 3.0)))
    first, second = segments_of(RecognisedText("Yes. No", 0.5, -0.7, tokens), WINDOW, [(0.0, 60.0)])
    assert (first.text, first.start, first.words[0].text, first.log_probability) == ("Yes.", 10.5, " Yes.", -0.7)
    assert (second.text, second.start) == ("No", 21.0)


def test_without_times_the_words_are_where_the_speech_of_the_window_is() -> None:
    (segment,) = segments_of(RecognisedText("one two", 0.9), WINDOW, [(11.0, 12.0), (21.0, 22.0), (30.0, 40.0)])
    assert [(word.start, word.end) for word in segment.words] == [(11.0, 12.0), (21.0, 22.0)]


def test_a_window_without_speech_is_all_taken() -> None:
    (segment,) = segments_of(RecognisedText("one", 0.9), Window(((3.0, 4.0),)), [])
    assert (segment.start, segment.end) == (3.0, 4.0)


def test_nothing_recognised_is_no_segment() -> None:
    assert segments_of(RecognisedText("", 0.0), WINDOW, [(10.0, 12.0)]) == []


def test_without_times_all_of_a_window_is_judged_together() -> None:
    (segment,) = segments_of(RecognisedText("Yes. No. Yes.", 0.9), Window(((10.0, 12.0),)), [(10.0, 12.0)])
    assert segment.text == "Yes. No. Yes."
