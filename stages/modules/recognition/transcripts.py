"""The transcript as a document: ``transcript.json`` (config/schemas/transcript.json) and ``transcript.txt``."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import languages

from recognition.coverage import Coverage, measure, uncovered_speech
from recognition.intervals import Interval, difference, length, merged
from recognition.segments import DroppedText, Segment, SpokenWord, with_words
from recognition.two_pass import RecognisedSpeech

SCHEMA = 2
PARAGRAPH_PAUSE = 2.0  # seconds
PARAGRAPH_LENGTH = 600  # characters; after that the next sentence starts a new paragraph
SENTENCE_ENDS = (".", "!", "?", "…", "。", "！", "？", "؟", "।")
LONGEST_SILENT_SPEECH = 10.0  # seconds; a note says where speech without words is longer


# What an audio has; a transcript's "content".
WORDS, SPEECH_WITHOUT_WORDS = "words", "speech without words"
SOUND_WITHOUT_SPEECH, SILENCE = "sound without speech", "silence"
LEAST_SPEECH = 1.0  # seconds; of less, it is more likely that there is none


@dataclass(frozen=True)
class TranscriptOrigin:
    """The engine that made a transcript, and the audio that it is of."""

    engine: str  # with its version
    model: str
    language: str  # a Whisper code; "und" where nothing was said and none was given
    language_probability: float
    duration: float  # seconds of the audio
    word_times: str  # "aligned" with the sound, of "attention" to it, "estimated" by letters, or "none"
    is_silent: bool = False  # whether nothing in the audio could be heard
    shares: Mapping[str, float] = field(default_factory=dict)  # of languages in the speech, where there are several


def document(
    result: RecognisedSpeech, speech: list[Interval], origin: TranscriptOrigin, notes: Sequence[str] = ()
) -> dict[str, Any]:
    """``transcript.json``. ``speech`` is where speech was detected, in seconds; ``notes`` come before those made here.

    Segments have ``start`` and ``end`` (seconds), ``text``, and if there are any ``words`` and ``speaker``. Words have
    ``start``, ``end``, ``word``, ``probability`` and maybe ``speaker``.
    """
    segments = tidy(result.segments, origin.duration)
    real = difference(speech, result.false_speech)
    content = _content(segments, real, origin.is_silent)
    return {
        "schema": SCHEMA,
        "language": origin.language,
        "language_probability": _probability(origin.language_probability),
        **_languages(origin.shares),
        "duration_s": _seconds(origin.duration),
        "engine": origin.engine,
        "model": origin.model,
        "word_times": origin.word_times if segments else "none",
        "content": content,
        "segments": segments_of(segments, origin.language),
        "speech": [[_seconds(start), _seconds(end)] for start, end in speech],
        "coverage": _coverage(measure(segments, real, origin.duration)),
        "dropped": [_dropped(each) for each in result.dropped],
        "notes": [
            *notes,
            *_note_of_languages(origin.shares),
            *_note_of_content(content, real),
            *notes_about(segments, result, speech),
        ],
    }


def _languages(shares: Mapping[str, float]) -> dict[str, dict[str, float]]:
    return {"languages": {language: round(share, 4) for language, share in shares.items()}} if shares else {}


def _note_of_languages(shares: Mapping[str, float]) -> list[str]:
    listed = ", ".join(f"{languages.shown(language)} {share:.0%}" for language, share in shares.items())
    return [f"{len(shares)} languages are spoken, each recognised in its own: {listed}"] if shares else []


def _content(segments: list[Segment], real_speech: list[Interval], is_silent: bool) -> str:
    """What the audio has: words, or why it has none."""
    if segments:
        return WORDS
    if length(real_speech) >= LEAST_SPEECH:
        return SPEECH_WITHOUT_WORDS
    return SILENCE if is_silent else SOUND_WITHOUT_SPEECH


def _note_of_content(content: str, real_speech: list[Interval]) -> list[str]:
    seconds = f"{length(real_speech):.0f} s"
    return {
        WORDS: [],
        SPEECH_WITHOUT_WORDS: [
            f"somebody seems to speak for {seconds}, but no speech was recognised, so there is no text"
        ],
        SOUND_WITHOUT_SPEECH: ["there is sound, but no speech was recognised in it, so there is no text"],
        SILENCE: ["the audio is silent from its start to its end, so no speech was recognised and there is no text"],
    }[content]


def notes_about(segments: list[Segment], result: RecognisedSpeech, speech: list[Interval]) -> list[str]:
    """Sentences about the transcript for a person: where words are missing, and that text was dropped."""
    real = difference(speech, result.false_speech)
    notes = []
    for start, end in uncovered_speech(segments, _joined_over_pauses(real), LONGEST_SILENT_SPEECH) if segments else ():
        notes.append(f"from {_clock(start)} to {_clock(end)} somebody seems to speak, but no word was recognised")
    if result.dropped:
        what = f"{len(result.dropped)} piece{'s' * (len(result.dropped) > 1)} of text"
        notes.append(f"{what} that nobody seems to have said {'were' if len(result.dropped) > 1 else 'was'} dropped")
    if length(result.false_speech) >= 1:
        notes.append(f"{length(result.false_speech):.0f} s that sounded like speech seem to be none")
    return notes


def segments_of(segments: Sequence[Segment], main: str) -> list[dict[str, Any]]:
    """A document's ``segments``. ``main``: its language, which isn't said again for each."""
    return [_segment(segment, main) for segment in segments]


def tidy(segments: Sequence[Segment], duration: float) -> list[Segment]:
    """The segments in order, inside the audio's ``duration`` (seconds), without blank text; times never go back."""
    clock, tidied = 0.0, []
    for segment in segments:
        words = []
        for word in segment.words:
            if word.text.strip() and word.start < duration:
                start = min(max(word.start, clock), duration)
                clock = min(max(word.end, start), duration)
                words.append(replace(word, start=start, end=clock))
        if words:
            tidied.append(with_words(segment, words))
        elif segment.text.strip() and not segment.words and segment.start < duration:
            start = min(max(segment.start, clock), duration)
            clock = min(max(segment.end, start), duration)
            tidied.append(replace(segment, start=start, end=clock, text=segment.text.strip()))
    return tidied


def paragraphs(segments: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The text of a document's ``segments``. A paragraph ends at a pause, or if it is long, with a sentence."""
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
    """Write the document to ``file`` and its paragraphs to ``text``. Raises ``OSError``."""
    with file.open("w", encoding="utf-8", newline="\n") as opened:
        json.dump(transcript, opened, ensure_ascii=False, allow_nan=False, indent=1)
        opened.write("\n")
    with text.open("w", encoding="utf-8", newline="\n") as opened:
        print(*paragraphs(transcript["segments"]), sep="\n\n", file=opened)


def _pieces(segments: Sequence[dict[str, Any]]) -> Iterator[tuple[float, float, str]]:
    """Start, end and text of each word, or of each segment without words. Words carry their own spaces, if any."""
    for segment in segments:
        for word in segment.get("words", ()):
            yield word["start"], word["end"], word["word"]
        if not segment.get("words"):
            yield segment["start"], segment["end"], " " + segment["text"]


def _segment(segment: Segment, main: str) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "start": _seconds(segment.start),
        "end": _seconds(segment.end),
        "text": segment.text,
    }
    if segment.words:
        shown["words"] = [_word(word) for word in segment.words]
    if segment.language not in ("", main):
        shown["language"] = segment.language
    return shown | ({"speaker": segment.speaker} if segment.speaker else {})


def _word(word: SpokenWord) -> dict[str, Any]:
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


def _dropped(dropped: DroppedText) -> dict[str, Any]:
    times = {"start": _seconds(dropped.start), "end": _seconds(dropped.end)}
    return times | {"text": dropped.text, "reason": dropped.reason}


def _joined_over_pauses(speech: list[Interval]) -> list[Interval]:
    """The speech without the pauses between sentences."""
    return merged(speech, 2.0)


def _seconds(time: float) -> float:
    return round(float(time), 3)


def _probability(value: float) -> float:
    return round(float(value), 4) if math.isfinite(value) else 0.0


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 3600}:{int(seconds) // 60 % 60:02}:{int(seconds) % 60:02}"
