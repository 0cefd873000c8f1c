"""WebVTT tracks as mkvmerge writes them into Matroska (S_TEXT/WEBVTT), which ffmpeg neither reads nor copies.

ffmpeg knows the form that it writes itself, D_WEBVTT/SUBTITLES; of the other one, ffprobe shows a track with no codec.
The packets can be had even so: each is a cue's text, and the file's heading is the track's extra data.
"""

import json
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import ffmpegs

CODEC = "webvtt-of-mkvmerge"  # in the place of ffprobe's name, which is missing
DUMPED = re.compile(r"^[0-9a-f]{8}: ((?:[0-9a-f]{2,4} ?)+)", re.MULTILINE)


def with_codecs(media: Path, streams: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The streams, with ``CODEC`` as the codec of each such track."""
    return [{**stream, "codec_name": CODEC} if _is_webvtt(media, stream) else stream for stream in streams]


def save(media: Path, stream: dict[str, Any], file: Path) -> bool:
    """Write a track of this kind as a WebVTT file; whether it has a cue."""
    shown = _shown(media, stream["index"], "-show_packets")
    cues = list(_cues(shown.get("packets", []), _number(shown.get("format", {}).get("start_time"))))
    file.write_text("\n\n".join(["WEBVTT", *cues]) + "\n", encoding="utf-8", newline="\n")
    return bool(cues)


def _is_webvtt(media: Path, stream: dict[str, Any]) -> bool:
    if stream.get("codec_type") != "subtitle" or stream.get("codec_name", "none") not in ("none", "unknown"):
        return False
    found = _shown(media, stream["index"], "-show_streams").get("streams", [])
    return any(_data(each.get("extradata", "")).startswith(b"WEBVTT") for each in found)


def _cues(packets: Sequence[dict[str, Any]], first: float) -> Iterator[str]:
    """``first``: the movie's first time, which ffmpeg makes 0 whenever it copies or decodes."""
    for packet in packets:
        start = max(0.0, ffmpegs.seconds(packet.get("pts_time")) - first)
        end = start + ffmpegs.seconds(packet.get("duration_time"))
        text = _data(packet.get("data", "")).decode("utf-8", "replace").strip("\n\0")
        yield f"{_time(start)} --> {_time(end)}\n{text}"


def _number(text: object) -> float:
    try:
        return float(str(text))
    except ValueError:
        return 0.0


def _time(seconds: float) -> str:
    whole = round(seconds * 1000)
    return f"{whole // 3_600_000:02}:{whole // 60_000 % 60:02}:{whole // 1000 % 60:02}.{whole % 1000:03}"


def _data(dump: str) -> bytes:
    """The bytes of ffprobe's dump, whose lines have a place, 16 bytes in hexadecimal, and what they look like."""
    return b"".join(bytes.fromhex(line.replace(" ", "")) for line in DUMPED.findall(dump))


def _shown(media: Path, index: int, what: str) -> dict[str, Any]:
    command = ["ffprobe", "-v", "error", "-select_streams", str(index), what, "-show_format", "-show_data"]
    done = subprocess.run(
        [*command, "-of", "json", ffmpegs.url(media)], stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    try:
        answer = json.loads(done.stdout.decode("utf-8", "replace"))
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
