"""What a recogniser heard, as plain values."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from recognition.intervals import Interval


@dataclass(frozen=True)
class Word:
    """A word keeps its leading space, if its script has spaces, so that joining words gives the text."""

    start: float
    end: float
    text: str
    probability: float
    speaker: str = ""

    @property
    def middle(self) -> float:
        return (self.start + self.end) / 2


@dataclass(frozen=True)
class Segment:
    """Some words that belong together. ``words`` is empty where none could be aligned."""

    start: float
    end: float
    text: str
    words: tuple[Word, ...] = ()
    log_probability: float = 0.0  # mean, of its tokens
    no_speech: float = 0.0  # probability, by the recogniser
    speaker: str = ""

    @property
    def middle(self) -> float:
        return (self.start + self.end) / 2

    @property
    def spoken(self) -> list[Interval]:
        """When: each word by itself, so that a pause between two doesn't count."""
        return [(word.start, word.end) for word in self.words] or [(self.start, self.end)]


def of_words(segment: Segment, words: Sequence[Word]) -> Segment:
    """The segment with some of its words left, at least one."""
    text = "".join(word.text for word in words).strip()
    return replace(segment, start=words[0].start, end=words[-1].end, text=text, words=tuple(words))


def parted(segment: Segment, pause: float) -> list[Segment]:
    """The segment, in several where its words are apart: in a window, they may stand together across a cut."""
    runs: list[list[Word]] = []
    for word in segment.words:
        if runs and word.start - runs[-1][-1].end < pause:
            runs[-1].append(word)
        else:
            runs.append([word])
    return [of_words(segment, run) for run in runs] if len(runs) > 1 else [segment]


@dataclass(frozen=True)
class Dropped:
    """Text that was recognised and isn't in the transcript, and why."""

    start: float
    end: float
    text: str
    reason: str
