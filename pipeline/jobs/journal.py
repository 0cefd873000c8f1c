"""The only record of what happened to a job, and the only writer of it. ``events.py`` has what it can say.

Each line is a JSON object that ends with a checksum of the rest. What commits something is on the disk before
anything builds on it (``flush``); the other lines are carried along with the next flush.
A torn last line, which a crash can leave, is ignored; damage anywhere else is named.
"""

import errno
import os
import zlib
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.jobs.events import AnyEvent, Event
from pipeline.values import decode, encode

NAME = "journal.jsonl"
CHECKSUM = b',"crc":'
AGAIN = "restore the file from a copy, or prepare a new job"
UPDATE = "run it with the version of pipeline that wrote it, or prepare a new job"


class JournalDamaged(UsageError):
    """A line before the last isn't what was written."""


class Journal:
    """Append-only; one process at a time, which holds the job's lock."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._descriptor: int | None = None
        self.lines = 0  # that were appended here
        self.flushed = 0  # of them, those that are on the disk

    def append(self, event: Event) -> None:
        """Write one line. A process that is killed leaves it; a power cut only after ``flush``."""
        line = encoded(event)
        if self._descriptor is None:
            self._descriptor = self._open()
        self.lines += 1
        written = os.write(self._descriptor, line)
        if written != len(line):  # the disk took only a part of it, which the next line must not continue
            os.ftruncate(self._descriptor, os.fstat(self._descriptor).st_size - written)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path))

    def flush(self) -> None:
        """Put all lines on the disk."""
        if self._descriptor is not None and self.flushed < self.lines:
            os.fsync(self._descriptor)
            self.flushed = self.lines

    def read(self) -> list[AnyEvent]:
        """Raises ``JournalDamaged``, and ``UsageError`` for an entry that this version doesn't know."""
        lines = _whole_lines(self._path)
        try:
            return decode(b"[%b]" % b",".join(lines), list[AnyEvent])
        except ValueError as error:
            raise UsageError(f"{self._path} has an entry that this version doesn't know: {error}", UPDATE) from error

    def close(self) -> None:
        """Flush what can be flushed: a run that ends because its disk is full must be able to say so."""
        if self._descriptor is not None:
            try:
                self.flush()
            finally:
                os.close(self._descriptor)
                self._descriptor = None

    def _open(self) -> int:
        """Cut off a torn last line, so that the next one doesn't continue it."""
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        if os.fstat(descriptor).st_size:
            lines = _whole_lines(self._path)
            os.ftruncate(descriptor, sum(map(len, lines)) + len(lines))
        return descriptor


def encoded(event: Event) -> bytes:
    """The event's line, with its checksum and line break."""
    body = encode(event)
    return b"%b%b%d}\n" % (body[:-1], CHECKSUM, zlib.crc32(body))


def _whole_lines(path: Path) -> list[bytes]:
    """Without a torn last one."""
    lines = path.read_bytes().split(b"\n")
    last = lines.pop()
    if lines and not is_whole(lines[-1]) and not last:
        lines.pop()  # a crash may have left it so
    for number, line in enumerate(lines, start=1):
        if not is_whole(line):
            raise JournalDamaged(f"{path}:{number}: this line is damaged", AGAIN)
    return lines


def is_whole(line: bytes) -> bool:
    """Checked on the bytes as they are, since a job of a thousand stages is read before it does nothing."""
    body, found, checksum = line.rpartition(CHECKSUM)
    return bool(found) and checksum == b"%d}" % zlib.crc32(body + b"}")
