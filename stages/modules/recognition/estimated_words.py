"""Times for the words of a text whose recogniser gives none: they share the time of the speech by their letters.

A text that is too short for its speech doesn't get all of the time. So what a recogniser left out stays speech without
words, which is noticed and recognised once more.
"""

from collections.abc import Sequence
from itertools import accumulate, pairwise

from recognition.intervals import Interval, length
from recognition.segments import SpokenWord

SLOWEST = 0.25  # seconds for a letter or space; people need 0.05 to 0.12, and nobody speaks so slowly for long


def spread(text: str, speech: Sequence[Interval], probability: float) -> list[SpokenWord]:
    """The words of ``text``, spread over the intervals (seconds) in which it is spoken.

    A word that falls into two intervals is in the one that has its middle.
    """
    words, spans = text.split(), list(speech)
    if not words or length(spans) <= 0:
        return []
    edges = [0, *accumulate(len(word) + 1 for word in words)]
    rate = min(length(spans) / edges[-1], SLOWEST)
    places = [_within(spans, start * rate, end * rate) for start, end in pairwise(edges)]
    return [SpokenWord(*place, f" {word}", probability) for word, place in zip(words, places, strict=True)]


def _within(spans: Sequence[Interval], start: float, end: float) -> Interval:
    """A time, counted in speech alone, as one in the audio."""
    passed = 0.0
    for index, (begin, stop) in enumerate(spans):
        if (start + end) / 2 <= passed + stop - begin or index == len(spans) - 1:
            return min(max(begin + start - passed, begin), stop), min(max(begin + end - passed, begin), stop)
        passed += stop - begin
    raise AssertionError("no interval")
