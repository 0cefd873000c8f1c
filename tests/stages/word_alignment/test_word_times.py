"""Times of words: from the sound where WhisperX aligns them, else from the model's attention."""

import socket
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from recognition.segments import Segment, SpokenWord

CHUNK = {"start": 1.0, "end": 25.0, "text": " It was the best of times.", "avg_logprob": -0.2}
PARTS = [CHUNK, {"start": 30.0, "end": 31.0, "text": " "}]


@pytest.fixture
def times(word_times: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """``WordTimes`` for English, with a model for alignment, and a recogniser whose attention knows no words."""

    def align(window: Any, text: str, log_probability: float) -> Segment:
        return Segment(window.start, window.end, text.strip())

    monkeypatch.setattr(word_times, "alignment_model", lambda language, device, folder: ("model", "details"))
    return word_times.WordTimes(SimpleNamespace(align=align, language="en"), "cpu")


def block(module: Any, begin: float = 0.0) -> Any:
    return module.RecognisedBlock(begin, "audio", PARTS)


def aligned(*words: dict[str, Any], **more: Any) -> Callable[..., Any]:
    segment = {"start": 1.2, "end": 4.0, "text": "It was", "words": list(words), "avg_logprob": -0.2, **more}
    return lambda *_: {"segments": [segment]}


IT_WAS = ({"word": "It", "start": 1.2, "end": 1.4, "score": 0.8}, {"word": "was", "start": 1.5, "end": 4.0})


def test_aligned_words_have_the_times_of_the_sound(word_times: Any, times: Any) -> None:
    word_times.alignment.align = aligned(*IT_WAS)
    (segment,) = times.segments(block(word_times))
    assert (word_times.origin_of([segment], times.aligned)[0], times.notes) == ("aligned", [])
    assert [(word.start, word.end, word.text) for word in segment.words] == [(1.2, 1.4, " It"), (1.5, 4.0, " was")]


def test_times_of_a_later_block_count_from_the_start_of_the_sound(word_times: Any, times: Any) -> None:
    word_times.alignment.align = aligned(*IT_WAS)
    (segment,) = times.segments(block(word_times, 1000.0))
    assert [(word.start, word.end) for word in segment.words] == [(1001.2, 1001.4), (1001.5, 1004.0)]
    assert (segment.start, segment.end) == (1001.2, 1004.0)
    assert word_times.origin_of([segment], times.aligned)[0] == "aligned"


def test_a_word_that_cannot_be_aligned_is_where_the_one_before_it_ends(word_times: Any) -> None:
    (segment,) = word_times.segments_of_alignment(
        aligned({"word": "It", "start": 1.2, "end": 1.4}, {"word": "1859"})()["segments"], True
    )
    assert [(word.start, word.end) for word in segment.words] == [(1.2, 1.4), (1.4, 1.4)]


def test_a_script_without_spaces_gets_none(word_times: Any) -> None:
    (segment,) = word_times.segments_of_alignment(
        aligned({"word": "今", "start": 1.2, "end": 1.4})()["segments"], False
    )
    assert segment.words[0].text == "今"
    assert not word_times.has_spaces("ja")


@pytest.mark.parametrize("error", [ValueError("No default align-model"), OSError("no route"), LookupError("punkt")])
def test_without_a_model_for_alignment_words_have_the_times_of_attention(
    word_times: Any, times: Any, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    tried = []

    def fail(language: str, device: str, folder: None) -> None:
        tried.append(language)
        raise error

    monkeypatch.setattr(word_times, "alignment_model", fail)
    segments = [segment for begin in (0.0, 1000.0) for segment in times.segments(block(word_times, begin))]
    assert word_times.origin_of(segments, times.aligned) == ("attention", [])
    assert [(segment.start, segment.text) for segment in segments] == [
        (1.0, "It was the best of times."),
        (1001.0, "It was the best of times."),
    ]
    (note,) = times.notes
    assert str(error) in note
    assert tried == ["en"], "one attempt for all blocks"


@pytest.mark.parametrize("broken", [{"words": []}, {"start": float("nan")}])
def test_a_segment_that_cannot_be_aligned_has_the_times_of_attention(
    word_times: Any, times: Any, broken: dict[str, Any]
) -> None:
    word_times.alignment.align = aligned({"word": "It", "start": 1.2, "end": 1.4}, **broken)
    segments = times.segments(block(word_times))
    assert [(segment.start, segment.end) for segment in segments] == [(1.0, 25.0)]
    assert times.notes == ["1 of 1 segments couldn't be aligned with the sound"]
    assert word_times.origin_of(segments, times.aligned)[0] == "attention"


@pytest.mark.parametrize(("again", "origin"), [(1, "aligned"), (3, "attention")])
def test_words_that_were_recognised_again_are_not_called_aligned(word_times: Any, again: int, origin: str) -> None:
    first = SpokenWord(1.0, 1.5, " It", 0.9), SpokenWord(1.5, 2.0, " was", 0.9)
    second = tuple(SpokenWord(5.0 + count, 5.5 + count, " the", 0.9) for count in range(again))
    segments = [Segment(1.0, 2.0, "It was", first), Segment(5.0, 9.0, "the", second)]
    aligned = {(word.start, word.end) for word in first}
    said = f"{again} of {2 + again} words have the times of the recogniser's attention, not of the sound"
    assert word_times.origin_of(segments, aligned) == (origin, [said])


def test_a_download_that_stands_still_comes_to_an_end(
    word_times: Any, aligners: Any, times: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = []

    def slow(language: str, device: str, folder: None) -> tuple[str, str]:
        limits.append(socket.getdefaulttimeout())
        return "model", "details"

    monkeypatch.setattr(word_times, "alignment_model", slow)
    word_times.alignment.align = aligned(*IT_WAS)
    times.segments(block(word_times))
    assert limits == [aligners.STALLED_SECONDS]
    assert socket.getdefaulttimeout() is None
