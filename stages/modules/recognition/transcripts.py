"""The transcript's form, ``transcript.json`` (config/schemas/transcript.json) and ``transcript.txt``."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from recognition.coverage import Coverage, measured, uncovered
from recognition.intervals import Interval, length, merged, without
from recognition.segments import Dropped, Segment, Word, of_words
from recognition.two_pass import Heard

SCHEMA = 2
PARAGRAPH_PAUSE = 2.0  # seconds
PARAGRAPH_LENGTH = 600  # characters, from which the next sentence starts a new one
SENTENCE_ENDS = (".", "!", "?", "…", "。", "！", "？", "؟", "।")
TOLD_FROM = 10.0  # seconds of speech in one go, from which it is told that they have no words


@dataclass(frozen=True)
class Origin:
    """What made a transcript, and of what."""

    engine: str  # with its version
    model: str
    language: str  # a Whisper code; "und" where nothing was said and none was given
    language_probability: float
    duration: float
    word_times: str  # "aligned" with the sound, of "attention" to it, or "none"


def document(heard: Heard, speech: list[Interval], origin: Origin, notes: Sequence[str] = ()) -> dict[str, Any]:
    segments = tidy(heard.segments, origin.duration)
    real = without(speech, heard.speechless)
    return {
        "schema": SCHEMA,
        "language": origin.language,
        "language_probability": _probability(origin.language_probability),
        "duration_s": _seconds(origin.duration),
        "engine": origin.engine,
        "model": origin.model,
        "word_times": origin.word_times if segments else "none",
        "segments": [_segment(segment) for segment in segments],
        "speech": [[_seconds(start), _seconds(end)] for start, end in speech],
        "coverage": _coverage(measured(segments, real, origin.duration)),
        "dropped": [_dropped(each) for each in heard.dropped],
        "notes": [*notes, *remarks(segments, heard, speech)],
    }


def remarks(segments: list[Segment], heard: Heard, speech: list[Interval]) -> list[str]:
    """What a person should know about it."""
    real = without(speech, heard.speechless)
    found = []
    if not segments:
        found.append("no speech was recognised, so there is no text")
    for start, end in uncovered(segments, _in_one_go(real), TOLD_FROM) if segments else ():
        found.append(f"from {_clock(start)} to {_clock(end)} somebody seems to speak, but no word was recognised")
    if heard.dropped:
        what = f"{len(heard.dropped)} piece{'s' * (len(heard.dropped) > 1)} of text"
        found.append(f"{what} that nobody seems to have said {'were' if len(heard.dropped) > 1 else 'was'} dropped")
    if length(heard.speechless) >= 1:
        found.append(f"{length(heard.speechless):.0f} s that sounded like speech seem to be none")
    return found


def tidy(segments: Sequence[Segment], duration: float) -> list[Segment]:
    """In order, within the audio, without blanks; times never go back."""
    clock, tidied = 0.0, []
    for segment in segments:
        words = []
        for word in segment.words:
            if word.text.strip():
                start = min(max(word.start, clock), duration)
                clock = min(max(word.end, start), duration)
                words.append(replace(word, start=start, end=clock))
        if words:
            tidied.append(of_words(segment, words))
        elif segment.text.strip() and not segment.words:
            start = min(max(segment.start, clock), duration)
            clock = min(max(segment.end, start), duration)
            tidied.append(replace(segment, start=start, end=clock, text=segment.text.strip()))
    return tidied


def paragraphs(segments: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Text of the document's segments, parted where the speaker pauses, or at a sentence's end once it is long."""
    text, clock = "", None
    for start, end, piece in _pieces(segments):
        paused = clock is not None and start - clock >= PARAGRAPH_PAUSE
        if text and (paused or (len(text) > PARAGRAPH_LENGTH and text.endswith(SENTENCE_ENDS))):
            yield text.strip()
            text = ""
        text, clock = text + piece, end
    if text:
        yield text.strip()


def save(transcript: dict[str, Any], file: Path, text: Path) -> None:
    with file.open("w", encoding="utf-8", newline="\n") as opened:
        json.dump(transcript, opened, ensure_ascii=False, allow_nan=False, indent=1)
        opened.write("\n")
    with text.open("w", encoding="utf-8", newline="\n") as opened:
        print(*paragraphs(transcript["segments"]), sep="\n\n", file=opened)


def _pieces(segments: Sequence[dict[str, Any]]) -> Iterator[tuple[float, float, str]]:
    """Words, or segments that have none. A language without spaces shows it by its words alone."""
    for segment in segments:
        for word in segment.get("words", ()):
            yield word["start"], word["end"], word["word"]
        if not segment.get("words"):
            yield segment["start"], segment["end"], " " + segment["text"]


def _segment(segment: Segment) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "start": _seconds(segment.start),
        "end": _seconds(segment.end),
        "text": segment.text,
    }
    if segment.words:
        shown["words"] = [_word(word) for word in segment.words]
    return shown | ({"speaker": segment.speaker} if segment.speaker else {})


def _word(word: Word) -> dict[str, Any]:
    shown = {"start": _seconds(word.start), "end": _seconds(word.end), "word": word.text}
    shown |= {"probability": _probability(word.probability)}
    return shown | ({"speaker": word.speaker} if word.speaker else {})


def _coverage(coverage: Coverage) -> dict[str, float]:
    return {
        "speech_s": _seconds(coverage.speech),
        "covered_s": _seconds(coverage.covered),
        "share": round(coverage.share, 4),
        "weaker_half": round(coverage.weaker_half, 4),
    }


def _dropped(dropped: Dropped) -> dict[str, Any]:
    times = {"start": _seconds(dropped.start), "end": _seconds(dropped.end)}
    return times | {"text": dropped.text, "reason": dropped.reason}


def _in_one_go(speech: list[Interval]) -> list[Interval]:
    """Without the pauses between sentences."""
    return merged(speech, 2.0)


def _seconds(time: float) -> float:
    return round(float(time), 3)


def _probability(value: float) -> float:
    return round(float(value), 4) if math.isfinite(value) else 0.0


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 3600}:{int(seconds) // 60 % 60:02}:{int(seconds) % 60:02}"
