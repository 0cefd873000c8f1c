"""Running ffmpeg and ffprobe: what they tell while they work, and what they say when they can't. ffmpeg 4 and later."""

import collections
import errno
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import stagekit

OTHER_FFMPEG = "This ffmpeg may have a fault; put another one on PATH, such as your system's, and run again"
CHECK_INPUT = "Check it with: ffprobe FILE"
LAST_LINES = 8

QUEUE_BYTES = 32 << 20  # of a movie's mean packets, in one queue
FEWEST_QUEUED, MOST_QUEUED = 8, 256  # packets: ffmpeg's own number, and one above which little more is gained
PACKETS_PER_SECOND = 50  # of a movie, at least: 24 pictures, and sound for each 20 to 40 ms
OUTPUT_QUEUE = 60  # libavformat of ffmpeg 6; ffmpeg 4 refuses the option for an output

# What it says at the end, of the samples that it decoded, is for "verbose"; the level tells what a person should see.
GLOBAL = ("-nostdin", "-hide_banner", "-y", "-v", "level+verbose")
PROGRESS = ("-nostats", "-progress", "pipe:2", "-stats_period", "0.1")

_LEVEL = re.compile(r"\[(?:(debug|verbose|info)|warning|error|fatal|panic)\] ")
_SAMPLES = re.compile(r"Input stream .*\(audio\).*\((\d+) samples\)")
_PROGRESS = re.compile(r"(\w+)=\s*(\S*)\s*")
_UNDECODABLE = re.compile(r"Error while decoding stream|Error submitting (a )?packet to (the )?decoder|Decoding error:")
_DISK_FAULTS = [os.strerror(code) for code in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES)]


class PacketQueue(NamedTuple):
    """How many packets may wait between two threads of ffmpeg.

    ffmpeg hands each packet from thread to thread, by default through queues of 1 or 8 packets. The threads then wake
    one another for each packet. That can take longer than the work itself, above all on a virtual machine.
    """

    packets: int
    for_output: bool  # whether this ffmpeg has the option for an output, too

    def of_input(self) -> dict[str, int]:
        """The option by its name."""
        return {"thread_queue_size": self.packets}

    def of_output(self) -> dict[str, int]:
        return {"thread_queue_size": self.packets} if self.for_output else {}


class MediaFile(NamedTuple):
    """An input of ffmpeg."""

    path: Path
    duration: float  # seconds; 0 where it isn't known
    queue: PacketQueue


class Done(NamedTuple):
    """How a run of ffmpeg ended."""

    code: int
    said: list[str]  # its last lines
    undecodable: int  # packets that it could make nothing of
    samples: int = 0  # of audio that were decoded, of all channels as one; 0 also where it doesn't say

    @property
    def is_disk_fault(self) -> bool:
        """Whatever the code is: on a full disk, ffmpeg 6 may end with 0."""
        return any(fault in line for line in self.said for fault in _DISK_FAULTS)


def url(path: Path) -> str:
    """The name that ffmpeg has for a local file: without the prefix, ``a:b.mp4`` would be taken for a protocol."""
    return f"file:{path}"


def probe(media: Path) -> dict[str, Any]:
    """``streams`` and ``format`` of a file, as ffprobe describes them, and its own ``library_versions``."""
    shown = ["-show_streams", "-show_format", "-show_library_versions"]
    command = ["ffprobe", "-v", "error", *shown, "-of", "json", url(media)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode == 0:
        found: dict[str, Any] = json.loads(done.stdout.decode("utf-8", "replace"))  # a tag can hold any bytes
        return {"library_versions": [], "streams": [], "format": {}, **found}
    said = done.stderr.decode("utf-8", "replace").splitlines()
    if not said:  # it always says why it refuses a file
        raise stagekit.StageFailed(message(f"ffprobe broke down on {str(media)!r}", [], OTHER_FFMPEG))
    raise stagekit.InputUnusable(unusable(media, "it is no movie or recording that ffmpeg can read", said))


def media_file(path: Path, found: Mapping[str, Any]) -> MediaFile:
    """A file that ``probe`` described, with a long queue of about ``QUEUE_BYTES`` at most."""
    duration, size = seconds(found["format"].get("duration")), int(found["format"].get("size", 0))
    fitting = QUEUE_BYTES * PACKETS_PER_SECOND * duration / size if size else 0
    versions = {library["name"]: library["major"] for library in found["library_versions"]}
    is_new = versions.get("libavformat", 0) >= OUTPUT_QUEUE and _are_of_one_version()
    return MediaFile(path, duration, PacketQueue(int(min(max(fitting, FEWEST_QUEUED), MOST_QUEUED)), is_new))


def _are_of_one_version() -> bool:
    """Whether ffprobe's version is ffmpeg's, too: they lie in one folder."""
    folders = {os.path.dirname(shutil.which(name) or name) for name in ("ffmpeg", "ffprobe")}
    return len(folders) == 1


def run(
    arguments: Sequence[str],
    told: Callable[[str, int], object] | None = None,
    heard: Callable[[str], object] | None = None,
    folder: Path | None = None,
) -> Done:
    """``told`` gets each whole number of its progress by name (``out_time_us``, ``total_size``), ``heard`` each line.

    ``folder`` is where it runs, for files that are named in filters, whose syntax few names survive.
    """
    said = collections.deque[str](maxlen=LAST_LINES)
    undecodable = samples = 0
    command = ["ffmpeg", *GLOBAL, *PROGRESS, *arguments]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=folder) as process:
        for raw in process.stderr or ():
            line = raw.decode("utf-8", "replace").rstrip()
            progress = _PROGRESS.fullmatch(line)
            if progress:
                if told and progress[2].isdigit():
                    told(progress[1], int(progress[2]))
                continue
            level = _LEVEL.search(line)
            if level and level[1]:
                counted = _SAMPLES.search(line)
                samples += int(counted[1]) if counted else 0
                continue
            line = _LEVEL.sub("", line, count=1)
            said.append(line)
            if heard:
                heard(line)
            undecodable += bool(_UNDECODABLE.search(line))
            if undecodable <= LAST_LINES:  # a broken track would fill the log
                print(line, file=sys.stderr)
    return Done(process.returncode, list(said), undecodable, samples)


def option(name: str, before: str) -> str:
    """The name that an option has in this version of ffmpeg, or had before."""
    asked = ["ffmpeg", "-hide_banner", "-h", "long"]
    done = subprocess.run(asked, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return name if re.search(rf"(?m)^-{name}\b".encode(), done.stdout) else before


def seconds(value: object) -> float:
    """A duration as ffprobe tells it, in seconds or as Matroska's ``00:00:44.032000000``; 0 where it is none."""
    text = str(value)
    clock = re.fullmatch(r"(\d+):(\d+):(\d+(?:\.\d+)?)", text)
    if clock:
        return int(clock[1]) * 3600 + int(clock[2]) * 60 + float(clock[3])
    return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else 0.0


def unusable(media: Path, why: str, said: Sequence[str] = (), advice: str = CHECK_INPUT) -> str:
    return message(f"{str(media)!r} is unusable: {why}", said, advice)


def message(what: str, said: Sequence[str], advice: str) -> str:
    return "\n".join([what, *("  ffmpeg: " + line for line in said[-3:]), advice])
