"""Voice activity: where somebody speaks, from the probabilities that a detection model gives for each moment."""

from collections.abc import Sequence
from itertools import pairwise

from recognition.intervals import Interval

FRAME = 0.032  # seconds; there is a probability for each frame
ONSET, OFFSET = 0.5, 0.35  # speech begins above the first and ends below the second, as in Silero's own rule
SHORTEST = 3  # frames; a click is no speech, and nearly closed lips are no pause
ISOLATED = 31  # frames, a second, without other speech
SYLLABLE = 8  # frames, a quarter of a second
SURE_PROBABILITY = 0.8  # mean of a sound; a short "yes" has more


def speech_intervals(probabilities: Sequence[float]) -> list[Interval]:
    """Speech, in seconds. Pauses of less than a tenth of a second count as speech."""
    runs: list[tuple[int, int]] = []
    for start, end in _above(probabilities):
        if runs and start - runs[-1][1] < SHORTEST:
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((start, end))
    long = [each for each in runs if each[1] - each[0] >= SHORTEST]
    return [(start * FRAME, end * FRAME) for start, end in _without_isolated(long, probabilities)]


def _without_isolated(runs: list[tuple[int, int]], probabilities: Sequence[float]) -> list[tuple[int, int]]:
    """Without sounds that stand alone, are shorter than a syllable, and are hardly like speech: a door, a string."""
    kept = []
    edges = [(-ISOLATED, -ISOLATED), *runs, (len(probabilities) + ISOLATED,) * 2]
    for (before, each), (_, after) in zip(pairwise(edges), pairwise(edges[1:]), strict=False):
        start, end = each
        alone = start - before[1] >= ISOLATED and after[0] - end >= ISOLATED
        if alone and end - start < SYLLABLE and sum(probabilities[start:end]) < SURE_PROBABILITY * (end - start):
            continue
        kept.append(each)
    return kept


def _above(probabilities: Sequence[float]) -> list[tuple[int, int]]:
    runs, start = [], None
    for index, probability in enumerate(probabilities):
        if start is None and probability >= ONSET:
            start = index
        elif start is not None and probability < OFFSET:
            runs.append((start, index))
            start = None
    if start is not None:
        runs.append((start, len(probabilities)))
    return runs


def quietest(probabilities: Sequence[float], earliest: float, latest: float) -> float:
    """The time, in seconds, between two others at which speech is least probable over a sixth of a second."""
    first, last = int(earliest / FRAME), max(int(latest / FRAME), int(earliest / FRAME) + 1)
    loudness = {index: sum(probabilities[max(index - 2, 0) : index + 3]) for index in range(first, last)}
    return min(loudness, key=lambda index: loudness[index]) * FRAME
