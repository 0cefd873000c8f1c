"""A look at a media file through ffprobe, before any work is planned on it."""

import json
import math
import os
from dataclasses import dataclass
from pathlib import Path

from pipeline import process
from pipeline.envs.variables import without_python
from pipeline.errors import InputUnusable, NotReady
from pipeline.text import printable

PROBER = "ffprobe"
PROBE_SECONDS = 120


@dataclass(frozen=True)
class Media:
    duration_s: float | None  # None where the container doesn't say
    audio_streams: int


def probe(file: Path, ffprobe: Path) -> Media:
    """Raises ``InputUnusable`` where ffprobe can't read the file or finds no audio stream in it."""
    media = look(file, ffprobe)
    if not media.audio_streams:
        raise InputUnusable(f"{printable(str(file))} has no audio stream, so there is no speech to work on")
    return media


def look(file: Path, ffprobe: Path) -> Media:
    """Raises ``InputUnusable`` where ffprobe can't read the file."""
    # "file:" keeps a name with a colon in it from being taken as a protocol.
    argv: list[str | Path] = [ffprobe, "-v", "error", "-of", "json", "-show_format", "-show_streams", f"file:{file}"]
    shown = printable(str(file))
    try:
        done = process.run(argv, without_python(os.environ), PROBE_SECONDS)
    except process.TimedOut as error:
        raise InputUnusable(f"{shown} can't be read: {error}") from error
    if done.returncode:
        raise InputUnusable(f"{shown} isn't a media file that ffmpeg can read: {_reason(done, file)}")
    return _media(_answer(done, ffprobe))


def _answer(done: process.Completed, ffprobe: Path) -> dict:  # type: ignore[type-arg]  # ffprobe's own form
    try:
        answer = json.loads(done.stdout.decode("utf-8", "replace"))  # a tag can hold any bytes
    except ValueError as error:
        raise NotReady(f"{ffprobe} doesn't answer as ffprobe does", f"see what '{ffprobe} -version' prints") from error
    return answer if isinstance(answer, dict) else {}


def _media(answer: dict) -> Media:  # type: ignore[type-arg]  # ffprobe's own form
    kinds = [stream.get("codec_type") for stream in answer.get("streams", ())]
    duration = answer.get("format", {}).get("duration")
    return Media(_seconds(duration), kinds.count("audio"))


def _seconds(duration: str | None) -> float | None:
    """``None`` for what can't be a duration, such as N/A or less than nothing."""
    try:
        seconds = float(duration or "nan")
    except ValueError:
        return None
    return seconds if 0 <= seconds < math.inf else None


def _reason(done: process.Completed, file: Path) -> str:
    """The last thing that ffprobe said, without the file's name, which may itself hold line breaks."""
    text = done.stderr.decode("utf-8", "surrogateescape").replace(f"file:{file}: ", "")
    return printable((text.strip().splitlines() or ["no reason given"])[-1])
