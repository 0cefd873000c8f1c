# /// script
# [tool.pipeline.stage]
# environment = "common"
# inputs = ["media", "subtitles"]
# [tool.pipeline.stage.outputs]
# movie = "subtitled.*"
# ///
"""Add subtitle tracks to a movie and copy everything else: streams, chapters, metadata, attachments.

``subtitled.mp4`` (timed text) where the input is mp4, m4v or mov, else ``subtitled.mkv`` (SubRip). Each
subtitle file becomes one track, in front of those that the movie has; its language is the file's name.
"""

import collections
import errno
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import stagekit

TITLE = "Automatic subtitles"
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
# Data streams of an mp4 that ffmpeg writes anew: chapter titles from the chapters, time codes from the metadata.
REMADE_DATA = ("text", "tmcd")

_DISK_FAULTS = [os.strerror(code) for code in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES)]
_PROGRESS = re.compile(r"(\w+)=\s*(\S*)\s*")


class Track(NamedTuple):
    """A subtitle file, and its language as ISO 639-2/T."""

    srt: Path
    code: str


class Selection(NamedTuple):
    """Which of the movie's streams go into a container, as ffprobe describes them, and which it can't hold."""

    container: str
    media: list[dict]
    others: list[dict]
    left_out: list[dict]


def run(stage: stagekit.Stage) -> None:
    """Copy into the container of the input's kind; where that refuses the video or audio, into Matroska."""
    media = stage.input("media")
    tracks = [Track(path, three_letter_code(path.stem)) for path in stage.inputs("subtitles")]
    streams, preferred = _probe(media), "mp4" if media.suffix.lower() in MP4_NAMES else "mkv"
    for container in dict.fromkeys([preferred, "mkv"]):
        movie, selection = stage.output("movie", "subtitled." + container), select(streams, container)
        code, said = _run_ffmpeg(stage, _command(media, tracks, movie, selection), os.path.getsize(media), movie)
        disk_fault = any(fault in line for line in said for fault in _DISK_FAULTS)
        if code == 0 and not disk_fault:  # on a full disk ffmpeg 6 may end with 0, and a movie without its index
            return _warn(stage, preferred, selection)
        begun = movie.exists() and movie.stat().st_size
        movie.unlink(missing_ok=True)
        if begun or disk_fault:
            break  # the container took the streams, so another one won't help
    raise stagekit.StageFailed(_message(f"ffmpeg could not add subtitles to {str(media)!r}", said))


def three_letter_code(language: str) -> str:
    """ISO 639-2/T of a language code; ``und`` where it has none."""
    import langcodes  # costs more than all else that is imported here

    try:
        return langcodes.Language.get(language).to_alpha3(variant="T")
    except LookupError:
        return "und"


def _probe(media: Path) -> list[dict]:
    """The movie's streams, as ffprobe describes them."""
    command = ["ffprobe", "-v", "error", "-show_streams", "-of", "json", _url(media)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").splitlines() or [f"ffprobe ended with {done.returncode}"]
        raise stagekit.StageFailed(_message(f"ffprobe could not read {str(media)!r}", said))
    return json.loads(done.stdout)["streams"]


def select(streams: list[dict], container: str) -> Selection:
    """Part streams into video and audio, others that the container holds, and those that are left out."""
    media = [stream for stream in streams if stream.get("codec_type") in ("video", "audio")]
    others = [stream for stream in streams if stream not in media and _holds(container, stream)]
    kept = media + others
    left_out = [other for other in streams if other not in kept and other.get("codec_tag_string") not in REMADE_DATA]
    return Selection(container, media, others, left_out)


def _holds(container: str, stream: dict) -> bool:
    kind = stream.get("codec_type")
    if kind == "subtitle":
        return stream.get("codec_name") in HELD_SUBTITLES[container]
    return kind == "attachment" and container == "mkv"


def _command(media: Path, tracks: list[Track], movie: Path, selection: Selection) -> list[str]:
    command = [
        "ffmpeg",
        "-nostdin",
        "-hide_banner",
        "-v",
        "warning",
        "-nostats",
        "-progress",
        "pipe:2",
        "-stats_period",
        "0.1",
        "-y",
    ]
    command += ["-fflags", "+genpts", "-i", _url(media)]  # avi has no presentation times, which Matroska needs
    for track in tracks:
        command += ["-f", "srt", "-i", _url(track.srt)]  # stated, since an empty file doesn't show its format
    maps = [f"0:{stream['index']}" for stream in selection.media]
    maps += [f"{index}:0" for index in range(1, len(tracks) + 1)]
    maps += [f"0:{stream['index']}" for stream in selection.others]
    for stream in maps:
        command += ["-map", stream]
    command += ["-map_metadata", "0", "-map_chapters", "0", "-c:v", "copy", "-c:a", "copy", "-c:t", "copy"]
    return [*command, *_subtitle_options(tracks, selection), _url(movie)]


def _subtitle_options(tracks: list[Track], selection: Selection) -> list[str]:
    """Codec and tags of each subtitle track: ours, then the movie's. The first is shown unless the movie shows one."""
    theirs = [stream for stream in selection.others if stream["codec_type"] == "subtitle"]
    shown = any(stream.get("disposition", {}).get("default") for stream in theirs)
    options = []
    for index, track in enumerate(tracks):
        tags = ["language=" + track.code, "title=" + TITLE]
        tags += ["handler_name=" + TITLE] if selection.container == "mp4" else []  # mp4's place for a title
        for tag in tags:
            options += [f"-metadata:s:s:{index}", tag]
        options += [f"-c:s:{index}", "mov_text" if selection.container == "mp4" else "copy"]
        options += [f"-disposition:s:{index}", "default" if index == 0 and not shown else "0"]
    for index in range(len(tracks), len(tracks) + len(theirs)):
        options += [f"-c:s:{index}", "copy"]
    return options


def _url(path: Path) -> str:
    """The name that ffmpeg has for a local file: without the prefix, ``a:b.mp4`` would be taken for a protocol."""
    return f"file:{path}"


def _hand_over(movie: Path, start: int, end: int) -> int:
    """Let the disk begin with what was just written, instead of with all of it when the result is committed.

    For pages that aren't on the disk yet, this advice means: write them soon. Returns ``end``.
    """
    if hasattr(os, "posix_fadvise"):
        descriptor = os.open(movie, os.O_RDONLY)
        try:
            os.posix_fadvise(descriptor, start, end - start, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)
    return end


def _run_ffmpeg(stage: stagekit.Stage, command: list[str], size: int, movie: Path) -> tuple[int, list[str]]:
    """Run ffmpeg, showing progress as written bytes of ``size``. Returns its exit code and its last lines."""
    said = collections.deque(maxlen=8)
    handed_over = 0
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        for raw in process.stderr:
            line = raw.decode("utf-8", "replace").rstrip()
            progress = _PROGRESS.fullmatch(line)
            if not progress:
                said.append(line)
                print(line, file=sys.stderr)
            elif progress[1] == "total_size" and progress[2].isdigit() and size:
                stage.progress(int(progress[2]) / size)
                handed_over = _hand_over(movie, handed_over, int(progress[2]))
    return process.returncode, list(said)


def _warn(stage: stagekit.Stage, preferred: str, selection: Selection) -> None:
    if selection.container != preferred:
        stage.warn(f"the movie's streams don't fit into {preferred}, so it is {selection.container} now")
    for stream in selection.left_out:
        what = f"stream {stream['index']} ({stream.get('codec_type')}, {stream.get('codec_name', 'unknown')})"
        stage.warn(f"{what} was left out: {selection.container} can't hold it")


def _message(what: str, said: list[str]) -> str:
    lines = [what] + ["  ffmpeg: " + line for line in said[-3:]]
    lines.append("See whether ffmpeg can read the movie (ffprobe FILE), and whether the disk has room for a copy of it")
    return "\n".join(lines)
