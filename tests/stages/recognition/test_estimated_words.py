"""Words whose times are estimated."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recognition.estimated_words import spread


def test_words_share_the_time_by_their_letters() -> None:
    found = spread("a bcd", [(10.0, 11.5)], 0.7)
    assert [(word.start, word.end, word.text, word.probability) for word in found] == [
        (10.0, 10.5, " a", 0.7),
        (10.5, 11.5, " bcd", 0.7),
    ]


def test_a_text_that_is_too_short_for_its_speech_leaves_the_rest_without_words() -> None:
    found = spread("only these words", [(0.0, 4.0), (5.0, 12.0)], 0.7)
    assert (found[0].start, found[-1].end) == (0.0, 4.0)


def test_no_word_is_in_a_pause() -> None:
    found = spread("one two three four", [(0.0, 1.0), (5.0, 6.0)], 1.0)
    assert [word.text for word in found if word.end <= 1.0] == [" one", " two"]
    assert [word.text for word in found if word.start >= 5.0] == [" three", " four"]


@pytest.mark.parametrize(("text", "speech"), [("", [(0.0, 1.0)]), ("word", []), ("word", [(1.0, 1.0)])])
def test_without_words_or_without_speech_there_is_nothing(text: str, speech: list[tuple[float, float]]) -> None:
    assert spread(text, speech, 1.0) == []


@given(
    st.lists(st.text("abc", min_size=1, max_size=9), min_size=1, max_size=20),
    st.lists(st.floats(0.01, 5), min_size=2, max_size=12),
)
def test_times_never_go_back_and_stay_in_the_speech(words: list[str], steps: list[float]) -> None:
    edges = [sum(steps[: index + 1]) for index in range(len(steps))]
    speech = list(zip(edges[::2], edges[1::2], strict=False))
    found = spread(" ".join(words), speech, 1.0)
    assert [word.text for word in found] == [f" {word}" for word in words]
    times = [time for word in found for time in (word.start, word.end)]
    assert times == sorted(times)
    assert all(any(start <= word.start <= word.end <= end for start, end in speech) for word in found)
