"""The only record of what happened to a job, and the only writer of it.

Each line is a JSON object that ends with a checksum of the rest. What commits something is on the disk before
anything builds on it (``flush``); the other lines are carried along with the next flush.
A torn last line, which a crash can leave, is ignored; damage anywhere else is named.

Events, in the order in which a job can meet them:

``job_prepared``     the plan was frozen; ``job_digest`` is the SHA-256 of job.json
``run_started``      a process began to work on the job; ``warnings`` of environments whose results aren't shared
``stage_started``    an attempt was handed to an executor
``stage_expanded``   a fan-out's list is known; the stage stands for ``members`` of them
``stage_finished``   an attempt was committed, with its outputs; ``adopted`` where an earlier run had done it, ``taken``
                     where another job had (the store of results)
``stage_failed``     an attempt ended without a result; ``reason`` says how, ``again`` that it will be tried again
``stage_skipped``    it can't run, since the stage ``because`` failed
``run_interrupted``  the run was asked to stop, and stopped its stages; or to start nothing after another job's failure
``run_cancelled``    the job was given up by ``pipeline job cancel``
``run_failed``       the run ended without a result; ``reason`` says why
``run_ended``        the run did the part of the job that it was asked for
``run_finished``     every stage is done, and what ``delivered`` names stands in the output folder
"""

import errno
import json
import os
import time
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.digests import canonical_json
from pipeline.errors import UsageError

NAME = "journal.jsonl"
CHECKSUM = b',"crc":'


class JournalDamaged(UsageError):
    """A line before the last isn't what was written."""


class Journal:
    """Append-only; one process at a time, which holds the job's lock."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._descriptor: int | None = None
        self.lines = 0  # that were appended here
        self.flushed = 0  # of them, those that are on the disk

    def append(self, event: str, **fields: Any) -> None:
        """Write one line. A process that is killed leaves it; a power cut only after ``flush``."""
        line = encode(event, fields)
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

    def read(self) -> list[dict[str, Any]]:
        events, _ = _parse(self._path)
        return events

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
            _, whole = _parse(self._path)
            os.ftruncate(descriptor, whole)
        return descriptor


def encode(event: str, fields: Mapping[str, Any]) -> bytes:
    body = canonical_json({"event": event, "at": _now(), **fields})
    return b"%b%b%d}\n" % (body[:-1], CHECKSUM, zlib.crc32(body))


def _parse(path: Path) -> tuple[list[dict[str, Any]], int]:
    """The events, and how many bytes of the file are whole lines."""
    data = path.read_bytes()
    lines = data.split(b"\n")
    last = lines.pop()
    if lines and not _is_whole(lines[-1]) and not last:
        lines.pop()  # a crash may have left it so
    for number, line in enumerate(lines, start=1):
        if not _is_whole(line):
            raise JournalDamaged(
                f"{path}:{number}: this line isn't what was written",
                "restore the file from a copy, or prepare the job again",
            )
    events: list[dict[str, Any]] = json.loads(b"[%b]" % b",".join(lines))
    return events, sum(map(len, lines)) + len(lines)


def _is_whole(line: bytes) -> bool:
    """Checked on the bytes as they are, since a job of a thousand stages is read before it does nothing."""
    body, found, checksum = line.rpartition(CHECKSUM)
    return bool(found) and checksum == b"%d}" % zlib.crc32(body + b"}")


def _now() -> str:
    seconds = time.time()
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds % 1 * 1000):03d}Z"
