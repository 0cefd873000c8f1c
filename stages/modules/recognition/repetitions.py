"""Repeated text: the same words again and again, as Whisper writes them when it loses track of the speech."""

from collections.abc import Sequence
from dataclasses import dataclass

from recognition.hallucinated_phrases import plain_words

LONGEST = 12  # words in one round of a repetition
TIMES = 4  # fewer rounds are normal: people do repeat themselves, and songs do
WORDS = 16  # fewer words, in all rounds together, are normal too


@dataclass(frozen=True)
class Repetition:
    """Indexes in a list of words: where the first round begins, where the second begins, and after the last word."""

    start: int
    second: int
    end: int

    @property
    def times(self) -> int:
        return (self.end - self.start) // (self.second - self.start)


def find(words: Sequence[str]) -> list[Repetition]:
    """All repetitions, in order, none inside another. The time it takes grows with the number of words."""
    said = [plain_words(word) for word in words]
    repetitions: list[Repetition] = []
    for size in range(1, LONGEST + 1):
        start = 0
        while start + size < len(said):
            end = start + size
            while end < len(said) and said[end] == said[end - size]:
                end += 1
            if (end - start) // size >= TIMES and end - start >= WORDS and not _is_known(repetitions, start):
                repetitions.append(Repetition(start, start + size, end))
            start = max(end - size + 1, start + 1)
    return sorted(repetitions, key=lambda repetition: repetition.start)


def _is_known(repetitions: list[Repetition], start: int) -> bool:
    """Whether it is one that was found before, counted now with two rounds as one."""
    return any(repetition.start - LONGEST <= start < repetition.end for repetition in repetitions)
