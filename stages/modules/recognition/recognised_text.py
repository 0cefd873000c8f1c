"""What a speech model makes of one window: its text, and where the model gives times, its tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from recognition import estimated_words, timed_tokens
from recognition.intervals import Interval, intersection
from recognition.segments import Segment, SpokenWord
from recognition.timed_tokens import TimedToken
from recognition.windows import Window, WindowLimits

# Of models that give no times: those of words are estimated within a window, so it is short, and spans no long pause.
WITHOUT_TIMES = WindowLimits(12.0, 1.0)
SENTENCE_ENDS = (".", "!", "?", "…")


@dataclass(frozen=True)
class RecognisedText:
    """Times are seconds in the window."""

    text: str
    probability: float  # 0 to 1, mean of its tokens
    log_probability: float = 0.0  # mean of its tokens
    tokens: tuple[TimedToken, ...] = ()  # empty where the model gives no times


class SpeechModel(Protocol):
    """A loaded model that knows nothing of windows; several threads may use it at a time."""

    engine: str  # the library, with its version
    has_times: bool
    limits: WindowLimits  # of what it gets at once
    needs_language: bool  # whether it has to be told the language

    def providers(self) -> list[str]:
        """What ONNX Runtime computes with, the first where it can."""
        ...

    def recognise(self, audios: Sequence[Any], language: str | None) -> list[RecognisedText]:
        """The texts of some audios (float32 at 16 kHz). Where one array is longer, the others are filled up."""
        ...


def segments_of(recognised: RecognisedText, window: Window, speech: list[Interval]) -> list[Segment]:
    """The window's text as segments with times in the audio: a sentence in each, where the model gives times.

    Where it gives none, how fast a sentence is spoken isn't known, so that all of the window is judged together.
    ``speech`` is that of the audio.
    """
    if recognised.tokens:
        timed = timed_tokens.words_of(recognised.tokens, window.duration)
        sentences = _sentences([_in_audio(word, window) for word in timed])
    else:
        within = intersection(speech, list(window.pieces)) or list(window.pieces)
        words = estimated_words.spread(recognised.text, within, recognised.probability)
        sentences = [words] if words else []
    return [_segment(sentence, recognised.log_probability) for sentence in sentences]


def _in_audio(word: SpokenWord, window: Window) -> SpokenWord:
    start, end = window.audio_times(word.start, word.end)
    return SpokenWord(start, end, word.text, word.probability)


def _sentences(words: Sequence[SpokenWord]) -> list[list[SpokenWord]]:
    sentences: list[list[SpokenWord]] = []
    for word in words:
        if not sentences or sentences[-1][-1].text.endswith(SENTENCE_ENDS):
            sentences.append([])
        sentences[-1].append(word)
    return sentences


def _segment(words: list[SpokenWord], log_probability: float) -> Segment:
    text = "".join(word.text for word in words).strip()
    return Segment(words[0].start, words[-1].end, text, tuple(words), log_probability)
