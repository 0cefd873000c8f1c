"""A look at a media file through ffprobe, before any work is planned on it."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from pipeline import process
from pipeline.envs.variables import without_python
from pipeline.errors import InputUnusable

PROBE_SECONDS = 120


@dataclass(frozen=True)
class Media:
    duration_s: float | None  # None where the container doesn't say
    audio_streams: int
    video_streams: int


def probe(file: Path, ffprobe: Path) -> Media:
    """Raises ``InputUnusable`` where ffprobe can't read the file or finds no audio stream in it."""
    # "file:" keeps a name with a colon in it from being taken as a protocol.
    argv: list[str | Path] = [ffprobe, "-v", "error", "-of", "json", "-show_format", "-show_streams", f"file:{file}"]
    try:
        done = process.run(argv, without_python(os.environ), PROBE_SECONDS)
    except process.TimedOut as error:
        raise InputUnusable(f"{file} can't be read: {error}") from error
    if done.returncode:
        reason = done.error_text.splitlines()[-1:] or ["no reason given"]
        raise InputUnusable(f"{file} isn't a media file that ffmpeg can read: {_without_name(reason[0], file)}")
    media = _media(json.loads(done.stdout))
    if not media.audio_streams:
        raise InputUnusable(f"{file} has no audio stream, so there is no speech to work on")
    return media


def _media(answer: dict) -> Media:  # type: ignore[type-arg]  # ffprobe's own form
    kinds = [stream.get("codec_type") for stream in answer.get("streams", ())]
    duration = answer.get("format", {}).get("duration")
    return Media(float(duration) if duration else None, kinds.count("audio"), kinds.count("video"))


def _without_name(reason: str, file: Path) -> str:
    return reason.removeprefix(f"file:{file}: ")
