"""Recognised speech in the forms of OpenAI's interface. Pure."""

import json
import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import languages
from recognition import transcripts
from recognition.segments import Segment, SpokenWord
from subtitling import cue_segmentation, frame_clock, style_profiles, timed_words, writer

from speech_service.transcription_request import SEGMENT, WORD, TranscriptionRequest

JSON, TEXT = "application/json", "text/plain; charset=utf-8"
SUBTITLES = {"srt": "application/x-subrip; charset=utf-8", "vtt": "text/vtt; charset=utf-8"}
STYLE = "netflix"  # of subtitles


@dataclass(frozen=True)
class SpokenText:
    """What was recognised. Times are seconds."""

    task: str  # "transcribe" or "translate"
    segments: Sequence[Segment]
    language: str  # a Whisper code; "und" where nothing was said
    duration: float


@dataclass(frozen=True)
class SpeechAnswer:
    media_type: str
    text: str


def rendered(spoken: SpokenText, request: TranscriptionRequest) -> SpeechAnswer:
    """The answer to a request."""
    if request.form in SUBTITLES:
        return SpeechAnswer(SUBTITLES[request.form], _cues(spoken, request.form))
    segments = transcripts.tidy(spoken.segments, spoken.duration)
    if request.form == "text":
        return SpeechAnswer(TEXT, _text(segments) + "\n")
    content: dict[str, Any] = {
        "text": _text(segments),
        "usage": {"type": "duration", "seconds": math.ceil(spoken.duration)},
    }
    if request.form == "verbose_json":
        content = _verbose(spoken, segments, request) | content
    return SpeechAnswer(JSON, json.dumps(content, ensure_ascii=False, allow_nan=False))


def _text(segments: Sequence[Segment]) -> str:
    return " ".join(segment.text.strip() for segment in segments)


def _verbose(spoken: SpokenText, segments: Sequence[Segment], request: TranscriptionRequest) -> dict[str, Any]:
    content: dict[str, Any] = {
        "task": spoken.task,
        "language": languages.of_code(spoken.language).lower(),
        "duration": round(spoken.duration, 3),
    }
    if WORD in request.granularities:
        content["words"] = [_word(word) for segment in segments for word in segment.words]
    if SEGMENT in request.granularities:
        content["segments"] = [_segment(number, segment) for number, segment in enumerate(segments)]
    return content


def _word(word: SpokenWord) -> dict[str, Any]:
    return {"word": word.text.strip(), "start": round(word.start, 3), "end": round(word.end, 3)}


def _segment(number: int, segment: Segment) -> dict[str, Any]:
    """The tokens aren't kept; their list is there since clients expect one."""
    written = segment.text.encode()
    return {
        "id": number,
        "seek": round(segment.start * 100),  # frames of Whisper: hundredths of a second
        "start": round(segment.start, 3),
        "end": round(segment.end, 3),
        "text": f" {segment.text.strip()}",
        "tokens": [],
        "temperature": 0.0,
        "avg_logprob": _number(segment.log_probability),
        "compression_ratio": _number(len(written) / len(zlib.compress(written))),
        "no_speech_prob": _number(segment.no_speech),
    }


def _cues(spoken: SpokenText, kind: str) -> str:
    """Subtitles as the stage ``subtitle_generation`` makes them."""
    profile = style_profiles.profile_of(STYLE, spoken.language)
    clock = frame_clock.clock_of_rate(0)
    document = transcripts.segments_of(transcripts.tidy(spoken.segments, spoken.duration), spoken.language)
    words = timed_words.of_transcript({"segments": document}, profile)
    cues = cue_segmentation.cues_of_words(words, profile, spoken.language, clock, round(spoken.duration * 1000))
    return writer.text(cues, kind, profile.right_to_left)


def _number(value: float) -> float:
    return round(float(value), 4) if math.isfinite(value) else 0.0
