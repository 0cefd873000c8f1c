"""Containers: which of a movie's streams mp4 and Matroska can hold, and how ffmpeg writes each."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import ffmpegs
import stagekit
import webvtt_tracks
from subtitling import flattening, reader, writer

MP4_NAMES = (".mp4", ".m4v", ".mov")

# Codecs of subtitles that ffmpeg can copy into a container.
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
# Codecs of text that ffmpeg can convert where it can't copy them, and the codec that each container gets.
TEXT_SUBTITLES = ("mov_text", "subrip", "ass", "ssa", "webvtt", "text")
WRITTEN_AS = {"mp4": "mov_text", "mkv": "subrip"}
# Data streams of an mp4 that ffmpeg makes itself: chapter titles from the chapters, time codes from the metadata.
REMADE_DATA = ("text", "tmcd")
# Covers are attached files in Matroska; ffmpeg would make a second video of them. Suffix and type by codec.
COVERS = {"mjpeg": (".jpg", "image/jpeg"), "png": (".png", "image/png")}


class ConvertedTrack(NamedTuple):
    """A text track of the movie that ffmpeg can't copy, as ffprobe describes it, and a SubRip file of it."""

    stream: dict[str, Any]
    file: Path


class StreamSelection(NamedTuple):
    """Which of a movie's streams go into a container, as ffprobe describes them, and which it can't hold."""

    container: str
    media: list[dict[str, Any]]  # video and audio
    others: list[dict[str, Any]]
    left_out: list[dict[str, Any]]
    covers: list[dict[str, Any]]  # which become attached files
    attached: Sequence[str] = ()  # ffmpeg's arguments for the covers
    converted: Sequence[ConvertedTrack] = ()  # after all other subtitles

    @property
    def subtitles(self) -> list[dict[str, Any]]:
        return [stream for stream in self.others if stream["codec_type"] == "subtitle"]


def of_movie(media: Path) -> str:
    """``mp4`` for an mp4, m4v or mov; else ``mkv``, which holds most."""
    return "mp4" if media.suffix.lower() in MP4_NAMES else "mkv"


def select(streams: Sequence[dict[str, Any]], container: str) -> StreamSelection:
    """Sort streams into video and audio, others that the container (``mp4``, ``mkv``) holds, covers, and the rest."""
    covers = [stream for stream in streams if container == "mkv" and _is_cover(stream)]
    media = [stream for stream in streams if stream.get("codec_type") in ("video", "audio") and stream not in covers]
    others = [stream for stream in streams if stream not in media and _holds(container, stream)]
    kept = media + others + covers
    left_out = [other for other in streams if other not in kept and other.get("codec_tag_string") not in REMADE_DATA]
    return StreamSelection(container, media, others, left_out, covers)


def _is_cover(stream: dict[str, Any]) -> bool:
    return bool(stream.get("disposition", {}).get("attached_pic")) and stream.get("codec_name") in COVERS


def _holds(container: str, stream: dict[str, Any]) -> bool:
    kind = stream.get("codec_type")
    if kind == "subtitle":
        return stream.get("codec_name") in (*HELD_SUBTITLES[container], *TEXT_SUBTITLES)
    return kind == "attachment" and container == "mkv"


def with_covers(selection: StreamSelection, media: Path, folder: Path) -> StreamSelection:
    """The selection with its covers extracted into a folder, since ffmpeg attaches only files."""
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


def with_converted(selection: StreamSelection, media: Path, folder: Path) -> StreamSelection:
    """The selection with files of the text tracks that ffmpeg can't copy, and that we can read."""
    converted = []
    for stream in selection.left_out:
        file = folder / f"track{stream['index']}.vtt"
        if stream.get("codec_name") == webvtt_tracks.CODEC and webvtt_tracks.save(media, stream, file):
            cues = reader.read(file).cues
            writer.save(flattening.one_at_a_time(cues), file.with_suffix(".srt"), "srt")
            converted.append(ConvertedTrack(stream, file.with_suffix(".srt")))
    left_out = [stream for stream in selection.left_out if all(stream is not each.stream for each in converted)]
    return selection._replace(converted=converted, left_out=left_out)


def inputs_of_converted(selection: StreamSelection) -> list[str]:
    """ffmpeg's arguments for the files, which come after its other inputs."""
    return [word for each in selection.converted for word in ("-f", "srt", "-i", ffmpegs.url(each.file))]


def options_of_converted(selection: StreamSelection, first: int, keeps_default: bool = True) -> list[str]:
    """Codec, tags and marks of the tracks. ``first``: the number of the first of them among the subtitles, from 0."""
    options = []
    for index, each in enumerate(selection.converted, first):
        tags = {key.lower(): str(value) for key, value in each.stream.get("tags", {}).items()}
        marks = [name for name, value in each.stream.get("disposition", {}).items() if value]
        kept = [name for name in marks if keeps_default or name != "default"]
        options += [f"-c:s:{index}", WRITTEN_AS[selection.container]]
        for name in ("language", "title"):
            options += [f"-metadata:s:s:{index}", f"{name}={tags[name]}"] if name in tags else []
        options += [f"-disposition:s:{index}", "+".join(kept) or "0"]
    return options


def subtitle_codec(container: str, codec: str) -> str:
    """``copy``, or the codec that a text track is converted to."""
    return "copy" if codec in HELD_SUBTITLES[container] else WRITTEN_AS[container]


def warn_of_changes(stage: stagekit.Stage, selection: StreamSelection, wanted: str) -> None:
    """Warn of another container than ``wanted``, and of streams that were left out."""
    if selection.container != wanted:
        stage.warn(f"the movie's streams don't fit into {wanted}, so it is {selection.container} now")
    for each in selection.converted:
        what = f"subtitle stream {each.stream['index']} is WebVTT as mkvmerge writes it, which ffmpeg can't copy"
        stage.warn(f"{what}: its text is there as {WRITTEN_AS[selection.container]}, without its places and colours")
    for stream in selection.left_out:
        what = f"stream {stream['index']} ({stream.get('codec_type')}, {stream.get('codec_name', 'unknown')})"
        is_known = stream.get("codec_name", "unknown") not in ("unknown", "none", webvtt_tracks.CODEC)
        why = f"{selection.container} can't hold it" if is_known else "this ffmpeg can't read it"
        stage.warn(f"{what} was left out: {why}")
