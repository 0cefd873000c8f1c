"""How much of the speech got words."""

from collections.abc import Sequence
from dataclasses import dataclass

from recognition.intervals import Interval, common, length, merged, without
from recognition.segments import Segment

NEAR = 0.3  # seconds around a word that are its own: its times are those of attention, not of the sound
LONGEST_WORD = 1.5  # seconds; a word that seems to last longer stands before or after a hole
TOO_LITTLE = 3.0  # seconds of speech, of which a share says nothing
TOO_RARE = 0.02  # of the audio; in music and noise, detection errs now and then


@dataclass(frozen=True)
class Coverage:
    """Seconds of speech, and of it with words; the share, in all and in the poorer half of the speech."""

    speech: float
    covered: float
    share: float
    weaker_half: float


def covered(segments: Sequence[Segment]) -> list[Interval]:
    """The time that has words."""
    return merged(
        (start - NEAR, min(end, start + LONGEST_WORD) + NEAR) for segment in segments for start, end in _words(segment)
    )


def _words(segment: Segment) -> list[Interval]:
    """A segment without aligned words is one that has them everywhere."""
    if segment.words:
        return [(word.start, word.end) for word in segment.words]
    steps = max(int((segment.end - segment.start) / LONGEST_WORD), 0) + 1
    width = (segment.end - segment.start) / steps
    return [(segment.start + step * width, segment.start + (step + 1) * width) for step in range(steps)]


def uncovered(segments: Sequence[Segment], speech: list[Interval], at_least: float) -> list[Interval]:
    """Speech without words, where a part of it lasts some seconds."""
    return [hole for hole in without(speech, covered(segments)) if length([hole]) >= at_least]


def measured(segments: Sequence[Segment], speech: list[Interval], duration: float) -> Coverage:
    """Of speech that is too short or too rare, and hence likely none, nothing is asked."""
    total, words = length(speech), covered(segments)
    if total < max(TOO_LITTLE, TOO_RARE * duration):
        return Coverage(total, length(common(speech, words)), 1.0, 1.0)
    halves = _halves(speech)
    shares = [length(common(half, words)) / length(half) for half in (speech, *halves)]
    return Coverage(total, length(common(speech, words)), shares[0], min(shares[1:]))


def _halves(speech: list[Interval]) -> tuple[list[Interval], list[Interval]]:
    """Cut where half of the speech is over."""
    left = length(speech) / 2
    for start, end in speech:
        if end - start >= left:
            at = start + left
            break
        left -= end - start
    return common(speech, [(0.0, at)]), common(speech, [(at, speech[-1][1])])
