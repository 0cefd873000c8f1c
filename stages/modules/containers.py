"""What mp4 and Matroska can hold of a movie's streams, and how each gets there."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import ffmpegs
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
# Covers, which are files in Matroska, and that ffmpeg would write as a second picture: suffix and type by codec.
COVERS = {"mjpeg": (".jpg", "image/jpeg"), "png": (".png", "image/png")}


class Selection(NamedTuple):
    """Which of the movie's streams go into a container, as ffprobe describes them, and which it can't hold."""

    container: str
    media: list[dict[str, Any]]
    others: list[dict[str, Any]]
    left_out: list[dict[str, Any]]
    covers: list[dict[str, Any]]  # that become files in it
    attached: Sequence[str] = ()  # ffmpeg's arguments for those

    @property
    def subtitles(self) -> list[dict[str, Any]]:
        return [stream for stream in self.others if stream["codec_type"] == "subtitle"]


def of_movie(media: Path) -> str:
    """The container of the same kind, or the one that holds most."""
    return "mp4" if media.suffix.lower() in MP4_NAMES else "mkv"


def select(streams: Sequence[dict[str, Any]], container: str) -> Selection:
    """Part streams into video and audio, others that the container holds, covers, and those that are left out."""
    covers = [stream for stream in streams if container == "mkv" and _is_cover(stream)]
    media = [stream for stream in streams if stream.get("codec_type") in ("video", "audio") and stream not in covers]
    others = [stream for stream in streams if stream not in media and _holds(container, stream)]
    kept = media + others + covers
    left_out = [other for other in streams if other not in kept and other.get("codec_tag_string") not in REMADE_DATA]
    return Selection(container, media, others, left_out, covers)


def _is_cover(stream: dict[str, Any]) -> bool:
    return bool(stream.get("disposition", {}).get("attached_pic")) and stream.get("codec_name") in COVERS


def _holds(container: str, stream: dict[str, Any]) -> bool:
    kind = stream.get("codec_type")
    if kind == "subtitle":
        return stream.get("codec_name") in (*HELD_SUBTITLES[container], *TEXT_SUBTITLES)
    return kind == "attachment" and container == "mkv"


def with_covers(selection: Selection, media: Path, folder: Path) -> Selection:
    """The covers are taken out into a folder, since ffmpeg attaches only files."""
    arguments, left_out = list[str](), list(selection.left_out)
    place = sum(stream["codec_type"] == "attachment" for stream in selection.others)
    for stream in selection.covers:
        suffix, kind = COVERS[stream["codec_name"]]
        file = folder / f"cover{place}{suffix}"
        one = ["-map", f"0:{stream['index']}", "-c", "copy", "-frames:v", "1", "-f", "image2", "-update", "1"]
        if ffmpegs.run(["-i", ffmpegs.url(media), *one, ffmpegs.url(file)]).code or not file.exists():
            left_out.append(stream)
            continue
        tags = {key.lower(): str(value) for key, value in stream.get("tags", {}).items()}
        named = [f"mimetype={kind}", f"filename={tags.get('filename') or f'cover{suffix}'}"]
        arguments += ["-attach", ffmpegs.url(file)]
        arguments += [word for each in named for word in (f"-metadata:s:t:{place}", each)]
        place += 1
    return selection._replace(attached=arguments, left_out=left_out)


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
