"""Recognised words and segments, as plain values. All times are seconds from the start of the audio."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from recognition.intervals import Interval


@dataclass(frozen=True)
class SpokenWord:
    """A recognised word. ``text`` keeps its leading space if the script has spaces: joined words give the text."""

    start: float
    end: float
    text: str
    probability: float  # 0 to 1
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
    words: tuple[SpokenWord, ...] = ()
    log_probability: float = 0.0  # mean of its tokens
    no_speech: float = 0.0  # the recogniser's probability, 0 to 1, that nobody speaks
    speaker: str = ""
    language: str = ""  # a Whisper code, where several are spoken in the audio

    @property
    def middle(self) -> float:
        return (self.start + self.end) / 2

    @property
    def spoken(self) -> list[Interval]:
        """When it is spoken: an interval for each word, so that a pause between two words doesn't count."""
        return [(word.start, word.end) for word in self.words] or [(self.start, self.end)]


def with_words(segment: Segment, words: Sequence[SpokenWord]) -> Segment:
    """The segment with only some of its words; there must be at least one."""
    text = "".join(word.text for word in words).strip()
    return replace(segment, start=words[0].start, end=words[-1].end, text=text, words=tuple(words))


def split_at_pauses(segment: Segment, pause: float) -> list[Segment]:
    """The segment, split wherever two of its words are at least ``pause`` seconds apart.

    A window leaves long pauses out, so words on both sides of one may stand in the same segment.
    """
    runs: list[list[SpokenWord]] = []
    for word in segment.words:
        if runs and word.start - runs[-1][-1].end < pause:
            runs[-1].append(word)
        else:
            runs.append([word])
    return [with_words(segment, run) for run in runs] if len(runs) > 1 else [segment]


@dataclass(frozen=True)
class DroppedText:
    """Text that was recognised and isn't in the transcript, with the reason."""

    start: float
    end: float
    text: str
    reason: str
