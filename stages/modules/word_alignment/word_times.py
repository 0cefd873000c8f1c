"""Times for the words of recognised text: from the sound where it can be aligned, else from the model's attention."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recognition import whisper
from recognition.intervals import Interval
from recognition.segments import Segment, SpokenWord
from recognition.windows import Window
from whisperx import alignment

from word_alignment.aligners import FAILURES, alignment_model, download_timeout, first_line

NOT_ALIGNED = "words can't be aligned with the sound, so their times are those of the recogniser's attention"


@dataclass(frozen=True)
class RecognisedBlock:
    """Text of a block of the sound: ``parts`` have ``start`` and ``end`` (seconds in the block), and ``text``."""

    begin: float  # seconds from the start of the sound
    audio: Any  # of the block, from -1 to 1
    parts: list[dict[str, Any]]


@dataclass
class WordTimes:
    """Gives words their times, block after block, for one language.

    The model that aligns is loaded when there is some text, and where that fails, not tried again.
    """

    recogniser: whisper.Recogniser
    device: str
    folder: Path | None = None  # with the model that aligns; None: the library looks for it
    aligned: set[Interval] = field(default_factory=set)  # times of words that are from the sound
    failures: dict[str, None] = field(default_factory=dict)  # why some can't be, each once
    parts: int = 0
    unaligned: int = 0  # of the parts of blocks where alignment didn't fail
    _model: tuple[Any, Any] | None = None
    _is_missing: bool = False

    @property
    def notes(self) -> list[str]:
        """What a person should know of the times."""
        failed = [f"{NOT_ALIGNED} ({why})" for why in self.failures]
        some = f"{self.unaligned} of {self.parts} segments couldn't be aligned with the sound"
        return [*failed, some] if self.unaligned else failed

    def segments(self, block: RecognisedBlock) -> list[Segment]:
        """The text as segments whose words have times, in order."""
        parts = [part for part in block.parts if part["text"].strip()]
        self.parts += len(parts)
        found = self._aligned(parts, block.audio) if parts else []
        if found is None:
            return self._by_attention(parts, block.begin)
        done = [each for each in found if each["words"] and math.isfinite(each["start"]) and math.isfinite(each["end"])]
        left = [part for part in parts if not any(part["start"] <= each["start"] < part["end"] for each in done)]
        self.unaligned += len(left)
        from_sound = segments_of_alignment(done, has_spaces(self.recogniser.language or ""), block.begin)
        self.aligned.update((word.start, word.end) for segment in from_sound for word in segment.words)
        return sorted(from_sound + self._by_attention(left, block.begin), key=lambda segment: segment.start)

    def _aligned(self, parts: list[dict[str, Any]], audio: Any) -> list[dict[str, Any]] | None:
        """WhisperX's segments; ``None`` where it fails."""
        if self._is_missing:
            return None
        try:
            with download_timeout():
                if self._model is None:
                    self._is_missing = True  # until it is there
                    self._model = alignment_model(self.recogniser.language or "", self.device, self.folder)
                    self._is_missing = False
                found: list[dict[str, Any]] = alignment.align(parts, *self._model, audio, self.device)["segments"]
        except FAILURES as error:
            self.failures[first_line(error)] = None
            return None
        return found

    def _by_attention(self, parts: Sequence[dict[str, Any]], begin: float) -> list[Segment]:
        return [
            self.recogniser.align(
                Window(((part["start"] + begin, part["end"] + begin),)), part["text"], part.get("avg_logprob", 0.0)
            )
            for part in parts
        ]


def origin_of(segments: Iterable[Segment], aligned: set[Interval]) -> tuple[str, list[str]]:
    """Where the times of most words are from: ``aligned`` or ``attention``. And a note, if it isn't so for all.

    After the alignment, the second pass drops words and adds others.
    """
    words = [word for segment in segments for word in segment.words]
    others = sum((word.start, word.end) not in aligned for word in words)
    note = f"{others} of {len(words)} words have the times of the recogniser's attention, not of the sound"
    notes = [note] if aligned and others else []
    return "aligned" if aligned and 2 * others <= len(words) else "attention", notes


def has_spaces(language: str) -> bool:
    """Whether spaces separate the words. Alignment removes them."""
    return language not in alignment.LANGUAGES_WITHOUT_SPACES


def segments_of_alignment(segments: Sequence[dict[str, Any]], spaces: bool, begin: float = 0.0) -> list[Segment]:
    """WhisperX's aligned segments as ours, ``begin`` seconds later.

    A word without a time gets the end of the word before.
    """
    found = []
    for segment in segments:
        words: list[SpokenWord] = []
        clock = float(segment["start"])
        for word in segment["words"]:
            start = float(word.get("start", clock))
            clock = max(float(word.get("end", start)), start)
            text = f" {word['word']}" if spaces else word["word"]
            words.append(SpokenWord(start + begin, clock + begin, text, float(word.get("score", 0.0))))
        times = float(segment["start"]) + begin, float(segment["end"]) + begin
        found.append(Segment(*times, segment["text"].strip(), tuple(words), float(segment.get("avg_logprob", 0.0))))
    return found
