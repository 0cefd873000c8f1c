"""Coverage: how much of the speech has recognised words."""

from collections.abc import Sequence
from dataclasses import dataclass

from recognition.intervals import Interval, difference, intersection, length, merged
from recognition.segments import Segment

WORD_MARGIN = 0.3  # seconds around a word that count as covered: its times are those of attention, not of the sound
LONGEST_WORD = 1.5  # seconds; a word that seems to last longer stands next to speech without words
SHORTEST_SPEECH = 3.0  # seconds; of less speech, a share says nothing
SMALLEST_SHARE = 0.02  # of the audio: less speech than that is probably none, since detection errs in music and noise


@dataclass(frozen=True)
class Coverage:
    """Seconds of speech, seconds of it that have words, and the share (0 to 1) of all speech and of its poorer half."""

    speech: float
    covered: float
    share: float
    weaker_half: float


def covered_time(segments: Sequence[Segment]) -> list[Interval]:
    """The time that has words, in seconds."""
    return merged(
        (start - WORD_MARGIN, min(end, start + LONGEST_WORD) + WORD_MARGIN)
        for segment in segments
        for start, end in _word_times(segment)
    )


def _word_times(segment: Segment) -> list[Interval]:
    """The times of a segment's words. A segment without aligned words counts as full of words."""
    if segment.words:
        return [(word.start, word.end) for word in segment.words]
    steps = max(int((segment.end - segment.start) / LONGEST_WORD), 0) + 1
    width = (segment.end - segment.start) / steps
    return [(segment.start + step * width, segment.start + (step + 1) * width) for step in range(steps)]


def uncovered_speech(segments: Sequence[Segment], speech: list[Interval], at_least: float) -> list[Interval]:
    """Parts of the speech without words that last ``at_least`` so many seconds."""
    return [gap for gap in difference(speech, covered_time(segments)) if length([gap]) >= at_least]


def measure(segments: Sequence[Segment], speech: list[Interval], duration: float) -> Coverage:
    """The coverage of an audio of ``duration`` seconds; full where there is too little speech to judge."""
    total, words = length(speech), covered_time(segments)
    if total < max(SHORTEST_SPEECH, SMALLEST_SHARE * duration):
        return Coverage(total, length(intersection(speech, words)), 1.0, 1.0)
    halves = _halves(speech)
    shares = [length(intersection(half, words)) / length(half) for half in (speech, *halves)]
    return Coverage(total, length(intersection(speech, words)), shares[0], min(shares[1:]))


def _halves(speech: list[Interval]) -> tuple[list[Interval], list[Interval]]:
    """The speech in two parts of the same length."""
    left = length(speech) / 2
    for start, end in speech:
        if end - start >= left:
            at = start + left
            break
        left -= end - start
    return intersection(speech, [(0.0, at)]), intersection(speech, [(at, speech[-1][1])])
