"""What mp4 and Matroska can hold of a movie's streams, and how each gets there."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import stagekit

MP4_NAMES = (".mp4", ".m4v", ".mov")

# What ffmpeg can copy into a container, beside video and audio.
HELD_SUBTITLES = {
    "mp4": ("mov_text", "dvd_subtitle"),
    "mkv": (
        "ass",
        "ssa",
        "subrip",
        "webvtt",
        "dvb_subtitle",
        "dvd_subtitle",
        "hdmv_pgs_subtitle",
        "hdmv_text_subtitle",
    ),
}
# Text that it can write anew where it can't be copied, and as what.
TEXT_SUBTITLES = ("mov_text", "subrip", "ass", "ssa", "webvtt", "text")
WRITTEN_AS = {"mp4": "mov_text", "mkv": "subrip"}
# Data streams of an mp4 that ffmpeg writes anew: chapter titles from the chapters, time codes from the metadata.
REMADE_DATA = ("text", "tmcd")


class Selection(NamedTuple):
    """Which of the movie's streams go into a container, as ffprobe describes them, and which it can't hold."""

    container: str
    media: list[dict[str, Any]]
    others: list[dict[str, Any]]
    left_out: list[dict[str, Any]]

    @property
    def subtitles(self) -> list[dict[str, Any]]:
        return [stream for stream in self.others if stream["codec_type"] == "subtitle"]


def of_movie(media: Path) -> str:
    """The container of the same kind, or the one that holds most."""
    return "mp4" if media.suffix.lower() in MP4_NAMES else "mkv"


def select(streams: Sequence[dict[str, Any]], container: str) -> Selection:
    """Part streams into video and audio, others that the container holds, and those that are left out."""
    media = [stream for stream in streams if stream.get("codec_type") in ("video", "audio")]
    others = [stream for stream in streams if stream not in media and _holds(container, stream)]
    kept = media + others
    left_out = [other for other in streams if other not in kept and other.get("codec_tag_string") not in REMADE_DATA]
    return Selection(container, media, others, left_out)


def _holds(container: str, stream: dict[str, Any]) -> bool:
    kind = stream.get("codec_type")
    if kind == "subtitle":
        return stream.get("codec_name") in (*HELD_SUBTITLES[container], *TEXT_SUBTITLES)
    return kind == "attachment" and container == "mkv"


def subtitle_codec(container: str, codec: str) -> str:
    """``copy``, or what a text track of the movie is written as."""
    return "copy" if codec in HELD_SUBTITLES[container] else WRITTEN_AS[container]


def tell(stage: stagekit.Stage, selection: Selection, wanted: str) -> None:
    """Warn of what isn't as it was."""
    if selection.container != wanted:
        stage.warn(f"the movie's streams don't fit into {wanted}, so it is {selection.container} now")
    for stream in selection.left_out:
        what = f"stream {stream['index']} ({stream.get('codec_type')}, {stream.get('codec_name', 'unknown')})"
        stage.warn(f"{what} was left out: {selection.container} can't hold it")
