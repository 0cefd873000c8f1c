"""Text that goes round in circles: the same words again and again, as Whisper writes where it has lost the thread."""

from collections.abc import Sequence
from dataclasses import dataclass

from recognition.hallucinated_phrases import plain

LONGEST = 12  # words that are repeated
TIMES = 4  # that something is said, at least; people do repeat themselves, and songs do
WORDS = 16  # in all repetitions together, at least


@dataclass(frozen=True)
class Loop:
    """Places in a list of words: the first repetition begins, the second begins, the last ends."""

    start: int
    again: int
    end: int

    @property
    def times(self) -> int:
        return (self.end - self.start) // (self.again - self.start)


def found(words: Sequence[str]) -> list[Loop]:
    """In order, none within another, in time that grows with the number of words."""
    said = [plain(word) for word in words]
    loops: list[Loop] = []
    for size in range(1, LONGEST + 1):
        start = 0
        while start + size < len(said):
            end = start + size
            while end < len(said) and said[end] == said[end - size]:
                end += 1
            if (end - start) // size >= TIMES and end - start >= WORDS and not _known(loops, start):
                loops.append(Loop(start, start + size, end))
            start = max(end - size + 1, start + 1)
    return sorted(loops, key=lambda loop: loop.start)


def _known(loops: list[Loop], start: int) -> bool:
    """Whether it is the same loop, taken twice at a time."""
    return any(loop.start - LONGEST <= start < loop.end for loop in loops)
