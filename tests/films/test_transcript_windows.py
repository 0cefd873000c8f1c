"""A few seconds of a transcript, recognised again."""

import wave
from pathlib import Path
from typing import Any

import pytest

from pipeline.films import transcript_windows


def segment(*words: tuple[float, float, str]) -> dict[str, Any]:
    listed = [{"start": start, "end": end, "word": word, "probability": 0.9} for start, end, word in words]
    text = "".join(word for *_, word in words).strip()
    return {"start": words[0][0], "end": words[-1][1], "text": text, "words": listed}


OLD = [segment((0.0, 0.5, " It"), (0.5, 1.0, " was"), (1.0, 2.0, " thyme")), segment((3.0, 4.0, " Yes"))]


def texts(segments: list[dict[str, Any]]) -> list[str]:
    return [each["text"] for each in segments]


def test_words_of_the_span_are_replaced_and_others_stay() -> None:
    found = transcript_windows.replaced(OLD, 0.9, 2.1, [segment((1.0, 1.9, " time"))])
    assert texts(found) == ["It was", "time", "Yes"]
    assert (found[0]["end"], found[2]) == (1.0, OLD[1])


def test_a_segment_is_parted_around_the_span() -> None:
    assert texts(transcript_windows.replaced(OLD, 0.5, 1.0, [])) == ["It", "thyme", "Yes"]


def test_a_segment_without_words_goes_as_a_whole() -> None:
    plain = [{"start": 0.0, "end": 2.0, "text": "It was"}, {"start": 3.0, "end": 4.0, "text": "Yes"}]
    assert texts(transcript_windows.replaced(plain, 2.9, 4.1, [])) == ["It was"]


def test_what_was_recognised_in_the_margin_is_not_of_the_span() -> None:
    heard = [segment((0.0, 0.4, " before"), (0.7, 1.2, " within"), (1.5, 2.0, " after"))]
    (found,) = transcript_windows.within(heard, 10.5, 11.4, shift=10.0)
    assert (found["text"], found["start"], found["words"][0]["end"]) == ("within", 10.7, 11.2)


@pytest.mark.parametrize(
    ("span", "begin", "seconds"), [((2.0, 3.0), 1.4, 2.2), ((0.1, 1.0), 0.0, 1.6), ((9.5, 12.0), 8.9, 1.1)]
)
def test_the_sound_is_cut_with_a_margin_within_the_film(
    tmp_path: Path, span: tuple[float, float], begin: float, seconds: float
) -> None:
    with wave.open(str(tmp_path / "whole.wav"), "wb") as whole:
        whole.setparams((1, 2, 16000, 0, "NONE", ""))
        whole.writeframes(bytes(2 * 16000 * 10))
    at = transcript_windows.cut_sound(tmp_path / "whole.wav", *span, tmp_path / "part.wav")
    with wave.open(str(tmp_path / "part.wav"), "rb") as part:
        assert (at, part.getnframes() / 16000) == pytest.approx((begin, seconds))
