"""Blocks: a long sound cut at pauses, for a library that takes an array and not a file, so that memory is bounded."""

from collections.abc import Sequence

from recognition.intervals import Interval, difference
from recognition.voice_activity import quietest

LONGEST_BLOCK = 1200.0  # seconds; as float32, 77 MB


def cut(
    speech: list[Interval], probabilities: Sequence[float], duration: float, longest: float = LONGEST_BLOCK
) -> list[Interval]:
    """All of the sound (``duration`` seconds) as blocks, one after the other; one where it isn't longer than a block.

    A block ends in the middle of the longest pause in its second half, or without a pause at the quietest moment.
    ``probabilities``: those for ``voice_activity``.
    """
    blocks: list[Interval] = []
    start = 0.0
    while duration - start > longest:
        later = (start + longest / 2, start + longest)
        pauses = difference([later], speech)
        begin, end = max(pauses, key=lambda pause: pause[1] - pause[0], default=(0.0, 0.0))
        at = (begin + end) / 2 if pauses else quietest(probabilities, *later)
        blocks.append((start, at))
        start = at
    return [*blocks, (start, duration)]
