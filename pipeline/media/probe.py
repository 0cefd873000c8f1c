"""A look at a media file through ffprobe, before any work is planned on it."""

import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline import process
from pipeline.envs.variables import without_python
from pipeline.errors import InputUnusable, NotReady
from pipeline.text import printable

PROBER = "ffprobe"
PROBE_SECONDS = 120
RATE = re.compile(r"[0-9]{1,9}(/[1-9][0-9]{0,8})?")
FASTEST = 1000  # frames per second; what is beyond is a time base and no frame rate
UNEVEN = 0.01  # difference between the average and the nominal frame rate


@dataclass(frozen=True)
class Track:
    """An audio or subtitle stream."""

    number: int  # from 1, among those of its kind
    codec: str = ""
    language: str = ""  # as it is tagged; empty where it isn't
    title: str = ""
    is_default: bool = False
    is_forced: bool = False  # only what is said in another language, or written on signs


@dataclass(frozen=True)
class Media:
    duration_s: float | None  # None where the container doesn't say
    audio: tuple[Track, ...] = ()
    subtitles: tuple[Track, ...] = ()
    frame_rate: str = ""  # the average, as a fraction; empty without a picture
    is_variable: bool = False  # frames don't come at equal distances

    @property
    def audio_streams(self) -> int:
        return len(self.audio)

    @property
    def preferred_audio(self) -> Track | None:
        """The one that players take."""
        return next((track for track in self.audio if track.is_default), next(iter(self.audio), None))


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
    streams = [stream for stream in answer.get("streams", ()) if isinstance(stream, dict)]
    duration = answer.get("format", {}).get("duration")
    picture = next((stream for stream in streams if _is_picture(stream)), {})
    average, nominal = picture.get("avg_frame_rate", ""), picture.get("r_frame_rate", "")
    rate = _rate(average) or _rate(nominal)
    return Media(
        _seconds(duration),
        _tracks(streams, "audio"),
        _tracks(streams, "subtitle"),
        rate,
        bool(_rate(average) and _rate(nominal)) and abs(_number(average) / _number(nominal) - 1) > UNEVEN,
    )


def _is_picture(stream: Mapping[str, Any]) -> bool:
    """A cover is a video stream, too."""
    return stream.get("codec_type") == "video" and not _disposition(stream, "attached_pic")


def _tracks(streams: Sequence[Mapping[str, Any]], kind: str) -> tuple[Track, ...]:
    chosen = [stream for stream in streams if stream.get("codec_type") == kind]
    return tuple(_track(number, stream) for number, stream in enumerate(chosen, 1))


def _track(number: int, stream: Mapping[str, Any]) -> Track:
    tags = {str(key).lower(): str(value) for key, value in (stream.get("tags") or {}).items()}
    return Track(
        number,
        str(stream.get("codec_name", "")),
        tags.get("language", ""),
        tags.get("title", ""),
        _disposition(stream, "default"),
        _disposition(stream, "forced"),
    )


def _disposition(stream: Mapping[str, Any], name: str) -> bool:
    return bool((stream.get("disposition") or {}).get(name))


def _rate(text: str) -> str:
    """A fraction such as 24000/1001; empty for what can't be a frame rate, such as 0/0."""
    return text if RATE.fullmatch(text) and 1 <= _number(text) <= FASTEST else ""


def _number(text: str) -> float:
    over, _, under = text.partition("/")
    return int(over) / int(under or 1)


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
