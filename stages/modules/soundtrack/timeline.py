"""The movie's clock, by which an audio track is extracted: what ffmpeg must read for it, and what a length is worth."""

from collections.abc import Mapping
from typing import Any

# Formats whose times may jump, as where recordings were joined: ffmpeg mends the times of these, and only of these.
# It begins their clock with the first stream that it reads, and mends times by all streams that it reads. So for the
# clock of the whole movie it must read all of them, as players do.
WITH_JUMPS = ("mpegts", "mpeg", "ogg")


def has_jumps(probed: Mapping[str, Any]) -> bool:
    """Whether times may jump in a file that ffprobe described. Such a file's stated length proves nothing."""
    names = str(probed["format"].get("format_name", "")).split(",")
    return any(name in WITH_JUMPS for name in names)


def companions(probed: Mapping[str, Any], place: int) -> list[int]:
    """The indexes of the streams that must be read beside the one at ``place`` to have the movie's clock."""
    if not has_jumps(probed):
        return []
    kinds = ("video", "audio")
    return [
        int(stream["index"])
        for stream in probed["streams"]
        if stream.get("codec_type") in kinds
        and stream["index"] != place
        and not stream.get("disposition", {}).get("attached_pic")
    ]
