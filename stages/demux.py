# /// script
# [tool.pipeline.stage]
# environment = "common"
# inputs = ["media"]
# [tool.pipeline.stage.outputs]
# audio = "audio.wav"
# ///
"""Take the first audio stream of a movie or recording, as speech recognition wants it.

``audio.wav``: 16 kHz, mono, signed 16 bit. Time 0 is the start of the movie: where the audio starts
later or has holes, silence stands in, so that a time in the WAV is a time in the movie.
"""

import collections
import errno
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import ffmpeg
import stagekit

SAMPLE_RATE = 16_000
BYTES_PER_SECOND = 2 * SAMPLE_RATE
WAV_HEADER = 44
OTHER_FFMPEG = "This ffmpeg may have a fault; put another one on PATH, such as your system's, and run again"

_PROGRESS = re.compile(r"(\w+)=\s*(\S*)\s*")
_DISK_FAULTS = [os.strerror(code) for code in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES)]


def run(stage: stagekit.Stage) -> None:
    """Convert, then judge what came out by its length."""
    media, audio = stage.input("media"), stage.output("audio")
    stream, duration = _probe(media)
    code, said = _convert(media, audio, lambda seconds: duration and stage.progress(seconds / duration))
    if any(fault in line for line in said for fault in _DISK_FAULTS):  # whatever the code: ffmpeg 6 may end with 0
        raise stagekit.StageFailed(_message(f"ffmpeg could not write {audio}", said, "Make room and run again"))
    heard = _seconds(audio)
    if code or not heard:
        raise stagekit.InputUnusable(_unusable(media, "its audio can't be decoded", said))
    _warn_if_cut_off(stage, heard, _stream_seconds(stream) or duration)


def _url(path: Path) -> str:
    """The name that ffmpeg has for a local file: without the prefix, ``a:b.mp4`` would be taken for a protocol."""
    return f"file:{path}"


def _probe(media: Path) -> tuple[dict, float]:
    """The first audio stream, and the container's duration in seconds (0 where it states none)."""
    try:
        found = ffmpeg.probe(_url(media), v="error")
    except ffmpeg.Error as error:
        said = error.stderr.decode("utf-8", "replace").splitlines()
        if not said:  # it always says why it refuses a file
            raise stagekit.StageFailed(_message(f"ffprobe broke down on {str(media)!r}", [], OTHER_FFMPEG)) from None
        raise stagekit.InputUnusable(
            _unusable(media, "it is no movie or recording that ffmpeg can read", said)
        ) from None
    streams = [stream for stream in found["streams"] if stream["codec_type"] == "audio"]
    if not streams:
        raise stagekit.InputUnusable(_unusable(media, "it has no audio stream", []))
    return streams[0], float(found["format"].get("duration", 0))


def _convert(media: Path, audio: Path, on_seconds: Callable[[float], object]) -> tuple[int, list[str]]:
    """Run ffmpeg. Returns its exit code and its last lines."""
    command = (
        ffmpeg.input(_url(media))["a:0"]
        .output(
            _url(audio),
            af="aresample=async=1:first_pts=0",  # keeps the WAV in step with the movie's clock
            ar=SAMPLE_RATE,
            ac=1,
            acodec="pcm_s16le",
            map_metadata=-1,
            fflags="+bitexact",  # the same audio gives the same bytes, and a header of 44 bytes
        )
        .global_args("-nostdin", "-hide_banner", "-v", "warning", "-nostats", "-progress", "pipe:2")
        .overwrite_output()
    )
    process = ffmpeg.run_async(command, pipe_stderr=True)
    said = collections.deque(maxlen=8)
    for raw in process.stderr:
        line = raw.decode("utf-8", "replace").rstrip()
        progress = _PROGRESS.fullmatch(line)
        if not progress:
            said.append(line)
            print(line, file=sys.stderr)
        elif progress[1] == "out_time_us" and progress[2].isdigit():
            on_seconds(int(progress[2]) / 1e6)
    return process.wait(), list(said)


def _seconds(audio: Path) -> float:
    """Length of a WAV of ours; 0 where there is none."""
    return max(os.path.getsize(audio) - WAV_HEADER, 0) / BYTES_PER_SECOND if os.path.exists(audio) else 0


def _stream_seconds(stream: dict) -> float | None:
    """What the audio stream itself states. Matroska keeps it as a tag: ``00:00:44.032000000``."""
    if "duration" in stream:
        return float(stream["duration"])
    clock = re.fullmatch(r"(\d+):(\d+):([\d.]+)", stream.get("tags", {}).get("DURATION", ""))
    return int(clock[1]) * 3600 + int(clock[2]) * 60 + float(clock[3]) if clock else None


def _warn_if_cut_off(stage: stagekit.Stage, heard: float, stated: float) -> None:
    missing = stated - heard
    if missing > max(1, 0.01 * stated):
        stage.warn(
            f"the audio ends at {heard:.1f} s of {stated:.1f} s: {missing:.1f} s are missing. "
            "The file may be cut off; the result covers what is there"
        )


def _unusable(media: Path, why: str, said: list[str]) -> str:
    return _message(f"{str(media)!r} is unusable: {why}", said, "Check it with: ffprobe FILE")


def _message(what: str, said: list[str], advice: str) -> str:
    lines = [what] + ["  ffmpeg: " + line for line in said[-3:]] + [advice]
    return "\n".join(lines)
