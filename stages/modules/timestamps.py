"""A movie's timestamps, where they may jump: transport and program streams, whose recordings are often joined.

ffmpeg mends the times of these formats, and of no others. It begins their clock with the first stream that it reads,
and takes any step of more than ten seconds for a jump. So the same must be read, and the same be taken for a jump,
wherever a movie is copied or its sound extracted; else cues and sound part.
"""

import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import ffmpegs

WITH_JUMPS = ("mpegts", "mpeg", "ogg")
USUAL = 10.0  # seconds; ffmpeg takes a longer step for a jump, and any step backward
SHORTEST = 1.0  # seconds; shorter steps are those of frames
ALIKE = 2.0  # seconds by which the steps of two streams may differ at the same jump


def has_jumps(probed: Mapping[str, Any]) -> bool:
    """Whether times may jump in a file that ffprobe described. Such a file's stated length proves nothing."""
    names = str(probed["format"].get("format_name", "")).split(",")
    return any(name in WITH_JUMPS for name in names)


def companions(probed: Mapping[str, Any], place: int) -> list[int]:
    """The indexes of the streams that must be read beside the one at ``place`` to have the movie's clock."""
    return [index for index in _kinds(probed) if index != place] if has_jumps(probed) else []


class Jumps(NamedTuple):
    """``doubtful``: steps, in seconds, of sound without pictures. They are taken for jumps, and may be holes."""

    options: list[str]  # ffmpeg's, for what is a jump
    doubtful: Sequence[float] = ()


def jumps(media: Path, probed: Mapping[str, Any]) -> Jumps:
    """What is a jump in this file, found by reading all of its times."""
    return of_steps(_steps(media, _kinds(probed))) if has_jumps(probed) else Jumps([])


def jump_options(media: Path, probed: Mapping[str, Any]) -> list[str]:
    """ffmpeg's options for what is a jump in this file."""
    return jumps(media, probed).options


def of_steps(steps: Mapping[str, Sequence[float]]) -> Jumps:
    """``steps``: as ``threshold`` has them.

    Nothing in a recording without pictures tells a hole from a join. A sender that was out of reach for a minute and a
    second recording that was begun a minute later leave the same bytes: packets whose times and counters go on
    elsewhere. The mark of a discontinuity is set by neither a receiver nor by who appends one file to another, a stated
    length is made of the same times, and in both there is no sound between. So players and ffmpeg decide by the step.
    """
    found = threshold(steps)
    alone = steps.get("audio", ()) if "video" not in steps else ()
    options = [] if found is None else ["-dts_delta_threshold", f"{found:g}"]
    return Jumps(options, [step for step in alone if step > USUAL])


def threshold(steps: Mapping[str, Sequence[float]]) -> float | None:
    """The seconds from which on a step is a jump; ``None`` for ffmpeg's own value.

    ``steps``: the longer steps of the times of ``video`` and ``audio``, in seconds. A jump is one of the pictures,
    too; a step of the sound alone is a hole in it, and its times are right. Of two streams that jump back, one may jump
    before the other has ended. Then ffmpeg moves the other forward, and back again only by more than its threshold.
    """
    pictures, sounds = steps.get("video", ()), steps.get("audio", ())
    leading = pictures if "video" in steps else sounds
    jumps = [abs(step) for step in (*pictures, *sounds) if step < 0] + [step for step in leading if step > USUAL]
    holes = [step for step in sounds if step > 0 and not any(abs(step - each) <= ALIKE for each in leading)]
    hole = max(holes, default=0.0)
    if jumps:
        half = min(jumps) / 2
        return half if half < USUAL / 2 and hole < half else None
    return 2 * hole if hole > USUAL else None


def _kinds(probed: Mapping[str, Any]) -> dict[int, str]:
    """The kind of each stream of sound or pictures, by its index; a cover isn't one."""
    return {
        int(stream["index"]): str(stream["codec_type"])
        for stream in probed["streams"]
        if stream.get("codec_type") in ("video", "audio") and not stream.get("disposition", {}).get("attached_pic")
    }


def _steps(media: Path, kinds: Mapping[int, str]) -> dict[str, list[float]]:
    """The steps of at least ``SHORTEST`` in the times of a file, forward and backward, for each kind of stream."""
    command = ["ffprobe", "-v", "error", "-show_entries", "packet=stream_index,pts_time,dts_time", "-of", "csv=p=0"]
    with subprocess.Popen(
        [*command, ffmpegs.url(media)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        return steps_of(process.stdout or (), kinds)


def steps_of(lines: Iterable[bytes], kinds: Mapping[int, str]) -> dict[str, list[float]]:
    """From ffprobe's ``INDEX,PTS,DTS``, where a time may be ``N/A``, and more may follow."""
    steps: dict[str, list[float]] = {kind: [] for kind in kinds.values()}
    last: dict[int, float] = {}
    for line in lines:
        index, *times = line.decode("ascii", "replace").strip().split(",")[:3]
        known = [float(time) for time in reversed(times) if time not in ("N/A", "")]
        if not known or not index.isdecimal() or int(index) not in kinds:
            continue
        step = known[0] - last.get(int(index), known[0])
        if abs(step) >= SHORTEST:
            steps[kinds[int(index)]].append(step)
        last[int(index)] = known[0]
    return steps
