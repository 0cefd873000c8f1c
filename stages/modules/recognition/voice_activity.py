"""Where somebody speaks, from what voice activity detection says of each moment."""

from collections.abc import Sequence
from itertools import pairwise

from recognition.intervals import Interval

FRAME = 0.032  # seconds, of which each probability speaks
ONSET, OFFSET = 0.5, 0.35  # speech begins above one and ends below the other, as Silero's own rule has it
SHORTEST = 3  # frames; a click is no speech, and a hardly closed mouth no pause
ALONE = 31  # frames, a second, without other speech
SYLLABLE = 8  # frames, a quarter of a second
SURE = 0.8  # mean probability; a short "yes" has more


def stretches(probabilities: Sequence[float]) -> list[Interval]:
    """Speech without a pause of a tenth of a second, in seconds."""
    found: list[tuple[int, int]] = []
    for start, end in _above(probabilities):
        if found and start - found[-1][1] < SHORTEST:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    long = [each for each in found if each[1] - each[0] >= SHORTEST]
    return [(start * FRAME, end * FRAME) for start, end in _believed(long, probabilities)]


def _believed(found: list[tuple[int, int]], probabilities: Sequence[float]) -> list[tuple[int, int]]:
    """Without sounds that stand alone, are shorter than a syllable, and are hardly like speech: a door, a string."""
    believed = []
    edges = [(-ALONE, -ALONE), *found, (len(probabilities) + ALONE,) * 2]
    for (before, each), (_, after) in zip(pairwise(edges), pairwise(edges[1:]), strict=False):
        start, end = each
        alone = start - before[1] >= ALONE and after[0] - end >= ALONE
        if alone and end - start < SYLLABLE and sum(probabilities[start:end]) < SURE * (end - start):
            continue
        believed.append(each)
    return believed


def _above(probabilities: Sequence[float]) -> list[tuple[int, int]]:
    found, start = [], None
    for index, probability in enumerate(probabilities):
        if start is None and probability >= ONSET:
            start = index
        elif start is not None and probability < OFFSET:
            found.append((start, index))
            start = None
    if start is not None:
        found.append((start, len(probabilities)))
    return found


def quietest(probabilities: Sequence[float], earliest: float, latest: float) -> float:
    """The time between two at which speech is least probable, over a sixth of a second."""
    first, last = int(earliest / FRAME), max(int(latest / FRAME), int(earliest / FRAME) + 1)
    loudness = {index: sum(probabilities[max(index - 2, 0) : index + 3]) for index in range(first, last)}
    return min(loudness, key=lambda index: loudness[index]) * FRAME
