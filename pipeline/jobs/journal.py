"""The only record of what happened to a job, and the only writer of it.

Each line is a JSON object with a checksum of the rest. A line is on the disk before the next thing happens.
A torn last line, which a crash can leave, is ignored; damage anywhere else is named.

Events, in the order in which a job can meet them:

``job_prepared``     the plan was frozen; ``job_digest`` is the SHA-256 of job.json
``run_started``      a process began to work on the job
``stage_started``    an attempt was handed to an executor
``stage_finished``   an attempt was committed; ``adopted`` where an earlier run had done it
``stage_failed``     an attempt ended without a result; ``reason`` says how
``run_interrupted``  the run was asked to stop, and stopped its stages
``run_failed``       the run ended without a result; ``reason`` says why
``run_finished``     every stage is done, and what ``delivered`` names stands in the output folder
"""

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


class JournalDamaged(UsageError):
    """A line before the last isn't what was written."""


class Journal:
    """Append-only; one process at a time, which holds the job's lock."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._descriptor: int | None = None

    def append(self, event: str, **fields: Any) -> None:
        """Write one line and flush it to the disk before returning."""
        line = encode(event, fields)
        if self._descriptor is None:
            self._descriptor = self._open()
        written = os.write(self._descriptor, line)
        if written != len(line):
            raise OSError(28, os.strerror(28), str(self._path))  # the disk took only a part of it
        os.fsync(self._descriptor)

    def read(self) -> list[dict[str, Any]]:
        events, _ = _parse(self._path)
        return events

    def close(self) -> None:
        if self._descriptor is not None:
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
    body = {"event": event, "at": _now(), **fields}
    return canonical_json({**body, "crc": zlib.crc32(canonical_json(body))}) + b"\n"


def _parse(path: Path) -> tuple[list[dict[str, Any]], int]:
    """The events, and how many bytes of the file are whole lines."""
    data = path.read_bytes()
    events, whole = [], 0
    lines = data.split(b"\n")
    for number, line in enumerate(lines[:-1], start=1):
        event = _decode(line)
        if event is None:
            if number == len(lines) - 1 and not lines[-1]:
                break  # the last line; a crash may have left it so
            raise JournalDamaged(
                f"{path}:{number}: this line isn't what was written",
                "restore the file from a copy, or prepare the job again",
            )
        events.append(event)
        whole += len(line) + 1
    return events, whole


def _decode(line: bytes) -> dict[str, Any] | None:
    try:
        body = json.loads(line)
        checksum = body.pop("crc")
    except (ValueError, KeyError, AttributeError):
        return None
    return body if checksum == zlib.crc32(canonical_json(body)) else None


def _now() -> str:
    seconds = time.time()
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds % 1 * 1000):03d}Z"
