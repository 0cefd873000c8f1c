"""Runs ffmpeg and ffprobe: their progress, their result, and their error messages. ffmpeg 4 and later."""

import collections
import errno
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
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

# The number of decoded samples comes at the end at level "verbose". Levels show which lines are for people.
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
    duration: float  # seconds; 0 if it isn't known
    queue: PacketQueue


class FfmpegResult(NamedTuple):
    """How a run of ffmpeg ended."""

    code: int
    last_lines: list[str]  # of its messages
    undecodable: int  # packets
    samples: int = 0  # decoded audio samples, those of all channels counted once; 0 if ffmpeg doesn't say it

    @property
    def is_disk_fault(self) -> bool:
        """Whether the disk failed, with any code: on a full disk, ffmpeg 6 may end with 0."""
        return any(fault in line for line in self.last_lines for fault in _DISK_FAULTS)


def url(path: Path) -> str:
    """ffmpeg's name for a local file: without the prefix, it would take ``a:b.mp4`` for a protocol."""
    return f"file:{path}"


def probe(media: Path) -> dict[str, Any]:
    """``streams`` and ``format`` of a file, as ffprobe describes them, and the ``library_versions`` of ffprobe.

    Raises ``InputUnusable`` where ffprobe refuses the file, and ``StageFailed`` where it crashes.
    """
    shown = ["-show_streams", "-show_format", "-show_library_versions"]
    command = ["ffprobe", "-v", "error", *shown, "-of", "json", url(media)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode == 0:
        described: dict[str, Any] = json.loads(done.stdout.decode("utf-8", "replace"))  # a tag can hold any bytes
        return {"library_versions": [], "streams": [], "format": {}, **described}
    lines = done.stderr.decode("utf-8", "replace").splitlines()
    if not lines:  # it always says why it refuses a file
        raise stagekit.StageFailed(message(f"ffprobe crashed on {str(media)!r}", [], OTHER_FFMPEG))
    raise stagekit.InputUnusable(unusable(media, "it is no movie or recording that ffmpeg can read", lines))


def media_file(path: Path, probed: Mapping[str, Any]) -> MediaFile:
    """A file that ``probe`` described, with a long queue of about ``QUEUE_BYTES`` at most."""
    duration, size = seconds(probed["format"].get("duration")), int(probed["format"].get("size", 0))
    fitting = QUEUE_BYTES * PACKETS_PER_SECOND * duration / size if size else 0
    versions = {library["name"]: library["major"] for library in probed["library_versions"]}
    is_new = versions.get("libavformat", 0) >= OUTPUT_QUEUE and _are_of_one_version()
    return MediaFile(path, duration, PacketQueue(int(min(max(fitting, FEWEST_QUEUED), MOST_QUEUED)), is_new))


def _are_of_one_version() -> bool:
    """Whether ffprobe's version is ffmpeg's, too: they lie in one folder."""
    folders = {os.path.dirname(shutil.which(name) or name) for name in ("ffmpeg", "ffprobe")}
    return len(folders) == 1


def run(
    arguments: Sequence[str],
    on_progress: Callable[[str, int], object] | None = None,
    on_line: Callable[[str], object] | None = None,
    folder: Path | None = None,
) -> FfmpegResult:
    """Run ffmpeg to its end.

    ``on_progress`` gets each number of its progress by name (``out_time_us`` in microseconds, ``total_size`` in bytes),
    ``on_line`` each message. ``folder``: its working directory, for files that a filter names, whose syntax allows few
    names.
    """
    log = MessageLog(on_progress, on_line)
    command = ["ffmpeg", *GLOBAL, *PROGRESS, *arguments]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=folder) as process:
        log.read(process.stderr or ())
    return log.result(process.returncode)


class MessageLog:
    """What ffmpeg says while it runs, with the callbacks of ``run``. What is for people goes to the stage's log."""

    def __init__(
        self,
        on_progress: Callable[[str, int], object] | None = None,
        on_line: Callable[[str], object] | None = None,
    ) -> None:
        self._on_progress, self._on_line = on_progress, on_line
        self._last_lines = collections.deque[str](maxlen=LAST_LINES)
        self._undecodable = self._samples = 0

    def read(self, lines: Iterable[bytes]) -> None:
        """Read to the end."""
        for raw in lines:
            line = raw.decode("utf-8", "replace").rstrip()
            progress = _PROGRESS.fullmatch(line)
            level = _LEVEL.search(line)
            if progress:
                if self._on_progress and progress[2].isdigit():
                    self._on_progress(progress[1], int(progress[2]))
            elif level and level[1]:
                counted = _SAMPLES.search(line)
                self._samples += int(counted[1]) if counted else 0
            else:
                self._message(_LEVEL.sub("", line, count=1))

    def result(self, code: int) -> FfmpegResult:
        """After the end, with ffmpeg's exit code."""
        return FfmpegResult(code, list(self._last_lines), self._undecodable, self._samples)

    def _message(self, line: str) -> None:
        self._last_lines.append(line)
        if self._on_line:
            self._on_line(line)
        self._undecodable += bool(_UNDECODABLE.search(line))
        if self._undecodable <= LAST_LINES:  # a broken track would fill the log
            print(line, file=sys.stderr)


def option(name: str, before: str) -> str:
    """An option's ``name``, if this version of ffmpeg has it; else the name that it had ``before``."""
    command = ["ffmpeg", "-hide_banner", "-h", "long"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return name if re.search(rf"(?m)^-{name}\b".encode(), done.stdout) else before


def seconds(value: object) -> float:
    """Seconds of a duration from ffprobe: a number, or Matroska's ``00:00:44.032000000``; 0 for anything else."""
    text = str(value)
    clock = re.fullmatch(r"(\d+):(\d+):(\d+(?:\.\d+)?)", text)
    if clock:
        return int(clock[1]) * 3600 + int(clock[2]) * 60 + float(clock[3])
    return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else 0.0


def unusable(media: Path, why: str, lines: Sequence[str] = (), advice: str = CHECK_INPUT) -> str:
    """The message for an input that can't be used."""
    return message(f"{str(media)!r} is unusable: {why}", lines, advice)


def message(what: str, lines: Sequence[str], advice: str) -> str:
    """An error message: what failed, ffmpeg's last three ``lines``, and what to do."""
    return "\n".join([what, *("  ffmpeg: " + line for line in lines[-3:]), advice])
