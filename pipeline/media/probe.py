"""What ffprobe says of a media file, before any work is planned on it."""

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline import process
from pipeline.envs.variables import without_python
from pipeline.errors import InputError, NotReady
from pipeline.text import printable

PROBER = "ffprobe"
PROBE_SECONDS = 120
WITH_JUMPS = ("mpegts", "mpeg", "ogg")  # formats whose times may jump
LEAST_BYTES = 2000  # of such a file, for a second of speech
# Tracks beside the movie's own: comments, descriptions for the blind, versions for the hard of hearing.
SECONDARY = ("comment", "visual_impaired", "descriptions", "hearing_impaired", "karaoke", "lyrics")
SAME_RATE = 0.01  # the share by which a measured frame rate may differ from the nominal one


@dataclass(frozen=True)
class MediaTrack:
    """An audio or subtitle track, as the container describes it."""

    number: int  # from 1, among those of its kind
    codec: str = ""
    language: str = ""  # the tag as it is written, such as "ger"
    title: str = ""
    channels: int = 0
    duration_s: float | None = None  # None where the container doesn't say
    is_default: bool = False
    is_forced: bool = False  # only what is said in another language, or written on signs
    is_secondary: bool = False  # a comment, a description, a version for the hard of hearing
    is_comment: bool = False
    is_hearing_impaired: bool = False
    cues: int = 0  # of subtitles; 0 where the container doesn't say


@dataclass(frozen=True)
class Media:
    """What a media file holds."""

    duration_s: float | None  # None where the container doesn't say
    audio: tuple[MediaTrack, ...] = ()
    subtitles: tuple[MediaTrack, ...] = ()
    frame_rate: str = ""  # such as "24000/1001"; empty where there is no picture, or its rate varies
    has_variable_frame_rate: bool = False
    has_picture: bool = False


def require_audio(file: Path, media: Media) -> None:
    """Raises ``InputError`` where the file has no audio stream."""
    if not media.audio:
        raise InputError(f"{printable(str(file))} has no audio stream, so there is no speech to work on")


def probe(file: Path, ffprobe: Path) -> Media:
    """Raises ``InputError`` where ffprobe can't read the file, ``NotReady`` where it doesn't answer as it should."""
    # "file:" keeps a name with a colon in it from being taken as a protocol.
    argv: list[str | Path] = [ffprobe, "-v", "error", "-of", "json", "-show_format", "-show_streams", f"file:{file}"]
    shown = printable(str(file))
    try:
        done = process.run(argv, without_python(os.environ), PROBE_SECONDS)
    except process.TimedOut as error:
        raise InputError(f"{shown} can't be read: {error}") from error
    if done.returncode:
        raise InputError(f"{shown} isn't a media file that ffmpeg can read: {_reason(done, file)}")
    return _media(_answer(done, ffprobe))


def _answer(done: process.CompletedProcess, ffprobe: Path) -> dict:  # type: ignore[type-arg]  # ffprobe's own form
    try:
        answer = json.loads(done.stdout.decode("utf-8", "replace"))  # a tag can hold any bytes
    except ValueError as error:
        raise NotReady(f"{ffprobe} doesn't answer as ffprobe does", f"see what '{ffprobe} -version' prints") from error
    return answer if isinstance(answer, dict) else {}


def _media(answer: dict) -> Media:  # type: ignore[type-arg]  # ffprobe's own form
    streams = [stream for stream in answer.get("streams", ()) if isinstance(stream, dict)]
    rate, varies = _frame_rate(streams)
    audio, subtitles = _tracks(streams, "audio"), _tracks(streams, "subtitle")
    return Media(
        _duration(answer.get("format", {})), audio, subtitles, rate, varies, has_picture=bool(_pictures(streams))
    )


def _duration(container: Mapping[str, Any]) -> float | None:
    """The seconds that a container states, but no more than its bytes could hold.

    Recordings that were joined state hours, since the times of the second begin where they like.
    """
    stated, size = _seconds(container.get("duration")), str(container.get("size", ""))
    names = str(container.get("format_name", "")).split(",")
    if stated is None or not size.isdecimal() or not any(name in WITH_JUMPS for name in names):
        return stated
    return min(stated, int(size) / LEAST_BYTES)


def _pictures(streams: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Video streams, without cover pictures."""
    return [each for each in streams if each.get("codec_type") == "video" and not _disposition(each, "attached_pic")]


def _tracks(streams: Sequence[Mapping[str, Any]], kind: str) -> tuple[MediaTrack, ...]:
    chosen = [stream for stream in streams if stream.get("codec_type") == kind]
    return tuple(_track(number, stream) for number, stream in enumerate(chosen, 1))


def _track(number: int, stream: Mapping[str, Any]) -> MediaTrack:
    tags = {str(key).lower(): str(value) for key, value in (stream.get("tags") or {}).items()}
    return MediaTrack(
        number=number,
        codec=str(stream.get("codec_name", "")),
        language=tags.get("language", ""),
        title=tags.get("title", ""),
        channels=stream.get("channels", 0),
        duration_s=_seconds(stream.get("duration") or tags.get("duration")),
        is_default=_disposition(stream, "default"),
        is_forced=_disposition(stream, "forced"),
        is_secondary=any(_disposition(stream, name) for name in SECONDARY),
        is_comment=_disposition(stream, "comment"),
        is_hearing_impaired=_disposition(stream, "hearing_impaired"),
        cues=_cues(stream, tags) if stream.get("codec_type") == "subtitle" else 0,
    )


def _frame_rate(streams: Sequence[Mapping[str, Any]]) -> tuple[str, bool]:
    """The picture's rate, and whether it varies.

    ``r_frame_rate`` is the lowest rate whose ticks are exact for every frame's time, ``avg_frame_rate`` is frames per
    second. They are the same where the rate is constant, unless fields are counted as frames.
    """
    pictures = _pictures(streams)
    if not pictures:
        return "", False
    base, average = (_ratio(pictures[0].get(name, "")) for name in ("r_frame_rate", "avg_frame_rate"))
    if not base or not average:
        return "", False
    for fields in (1, 2):
        if abs(base[0] * average[1] / (base[1] * average[0]) - fields) < SAME_RATE:
            return _reduced(base[0], base[1] * fields), False
    return "", True


def _cues(stream: Mapping[str, Any], tags: Mapping[str, str]) -> int:
    """As an mp4 counts them, or mkvmerge in its tags."""
    stated = (str(stream.get("nb_frames", "")), tags.get("number_of_frames", ""), tags.get("number_of_frames-eng", ""))
    return next((int(each) for each in stated if each.isascii() and each.isdecimal()), 0)


def _disposition(stream: Mapping[str, Any], name: str) -> bool:
    return bool((stream.get("disposition") or {}).get(name))


def _ratio(text: str) -> tuple[int, int] | None:
    """``None`` for 0/0, which stands for an unknown rate."""
    above, _, below = text.partition("/")
    if above.isdecimal() and below.isdecimal() and int(above) and int(below):
        return int(above), int(below)
    return None


def _reduced(above: int, below: int) -> str:
    common = math.gcd(above, below)
    return f"{above // common}/{below // common}" if below > common else str(above // common)


def _seconds(duration: str | None) -> float | None:
    """From ``2.5``, or ``00:00:02.500000000`` as in Matroska; ``None`` for what is no duration, such as N/A."""
    seconds = 0.0
    try:
        for part in (duration or "nan").split(":"):
            seconds = 60 * seconds + float(part)
    except ValueError:
        return None
    return seconds if 0 <= seconds < math.inf else None


def _reason(done: process.CompletedProcess, file: Path) -> str:
    """The last line that ffprobe wrote, without the file's name, which may itself hold line breaks."""
    text = done.stderr.decode("utf-8", "surrogateescape").replace(f"file:{file}: ", "")
    return printable((text.strip().splitlines() or ["no reason given"])[-1])
