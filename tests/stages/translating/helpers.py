"""Transcripts for tests, and engines that do what a test needs."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any


def cues(*texts: str, language: str = "en", length: float = 2.0, gap: float = 0.1) -> dict[str, Any]:
    """A transcript without words, such as an imported subtitle gives, one cue after another."""
    starts = [index * (length + gap) for index in range(len(texts))]
    segments = [
        {"start": start, "end": start + length, "text": text} for start, text in zip(starts, texts, strict=True)
    ]
    return {"language": language, "duration_s": len(texts) * (length + gap), "segments": segments}


def spoken(text: str, start: float = 0.0, pace: float = 0.3, **more: Any) -> list[dict[str, Any]]:
    """The words of a text, evenly spoken without a pause."""
    each = enumerate(text.split())
    return [{"start": start + n * pace, "end": start + (n + 1) * pace, "word": f" {word}", **more} for n, word in each]


def recognised(*segments: list[dict[str, Any]], language: str = "en") -> dict[str, Any]:
    """A transcript with words."""
    listed = [
        {
            "start": words[0]["start"],
            "end": words[-1]["end"],
            "text": "".join(each["word"] for each in words),
            "words": words,
        }
        for words in segments
    ]
    return {"language": language, "duration_s": 100.0, "segments": listed}


class FakeEngine:
    """Answers by a function of one text, and keeps what it was asked."""

    name = "test"
    model = "none"

    def __init__(self, answer: Callable[[str], str], marks: Sequence[str] = ("Zq{}x",)) -> None:
        self.marks = marks
        self.asked: list[list[str]] = []
        self._answer = answer

    def translate(self, texts: list[str]) -> list[str]:
        self.asked.append(texts)
        return [self._answer(text) for text in texts]

    def notes(self) -> Iterable[str]:
        return ()
