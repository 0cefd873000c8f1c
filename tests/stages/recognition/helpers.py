"""Speech and text as the modules get them."""

from recognition.intervals import Interval
from recognition.segments import Segment, SpokenWord
from recognition.voice_activity import FRAME


def said(
    start: float,
    *texts: str,
    each: float = 0.4,
    sure: float = 0.9,
    log_probability: float = 0.0,
    no_speech: float = 0.0,
) -> Segment:
    """Words of the same length, one after the other."""
    words = tuple(
        SpokenWord(start + index * each, start + (index + 1) * each, f" {text}", sure)
        for index, text in enumerate(texts)
    )
    return Segment(start, words[-1].end, " ".join(texts), words, log_probability, no_speech)


def probabilities(duration: float, speech: list[Interval]) -> list[float]:
    """Of frames, with speech in some places."""
    frames = [index * FRAME for index in range(round(duration / FRAME) + 1)]
    return [0.9 if any(start <= time < end for start, end in speech) else 0.01 for time in frames]


def text(segments: list[Segment]) -> str:
    return " ".join(segment.text for segment in segments)
