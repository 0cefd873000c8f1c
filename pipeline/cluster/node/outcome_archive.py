"""What is kept of attempts that have ended, for a run that comes back, or an agent that is started again.

One file, to which lines are added: a file for each attempt, made, put on the disk and removed, takes as long as a short
stage. Of two lines about one attempt the later counts, and one without an outcome ends what was known of it.
"""

import contextlib
import os
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from pipeline.cluster.wire.attempt_order import AttemptOrder
from pipeline.cluster.wire.attempt_outcome import AttemptOutcome
from pipeline.digests import sha256_of_bytes
from pipeline.executors.reports import StageReport
from pipeline.files import write_whole
from pipeline.values import Struct, decode, encode, replace

KEPT_SECONDS = 7 * 86_400  # an outcome that no run has asked for
LARGEST = 1 << 20  # bytes that the file may have beyond twice what it had when it was last written again


class ArchivedAttempt(Struct, frozen=True, kw_only=True):
    """One attempt that has ended."""

    outcome: AttemptOutcome
    reports: tuple[StageReport, ...] = ()
    likeness: str = ""  # of its order


class _Line(Struct, frozen=True, omit_defaults=True):
    place: str  # the name of the attempt's folder
    at: float = 0.0  # seconds since 1970
    kept: ArchivedAttempt | None = None


class OutcomeArchive:
    """Threads may share it; the process has the file for itself."""

    def __init__(self, file: Path) -> None:
        """Raises ``OSError``."""
        self._file = file
        self._lock = threading.Lock()  # over what is written
        self._disk = threading.Lock()  # over what is put on the disk
        self._lines = dict(_read(file))  # by place
        self._written, self._synced = 0, 0  # bytes, ever
        self._descriptor = -1
        self._write_again()

    def all(self) -> Mapping[str, ArchivedAttempt]:
        """By the names of the attempts' folders."""
        with self._lock:
            return {place: line.kept for place, line in self._lines.items() if line.kept}

    def keep(self, place: str, kept: ArchivedAttempt) -> None:
        """It is on the disk afterwards. Raises ``OSError``."""
        self._sync(self._add(_Line(place, time.time(), kept)))

    def drop(self, place: str) -> None:
        """A power cut may bring it back. Raises nothing: on a full disk, it is there again for the next agent."""
        if place in self._lines:
            with contextlib.suppress(OSError):
                self._add(_Line(place))

    def close(self) -> None:
        os.close(self._descriptor)

    def _add(self, line: _Line) -> int:
        """Up to where all must be on the disk for this line to be. Raises ``OSError``."""
        data = encode(line) + b"\n"
        with self._lock:
            if line.kept is None:
                self._lines.pop(line.place, None)
            else:
                self._lines[line.place] = line
            if self._size + len(data) > self._limit:
                self._write_again()
            else:
                self._append(data)
            return self._written

    def _append(self, data: bytes) -> None:
        """All of it, or nothing."""
        try:
            count = os.write(self._descriptor, data)
            if count < len(data):
                os.write(self._descriptor, data[count:])  # says why there is no room for it
        except OSError:
            os.ftruncate(self._descriptor, self._size)
            raise
        self._size += len(data)
        self._written += len(data)

    def _write_again(self) -> None:
        """With what still counts."""
        data = b"".join(encode(line) + b"\n" for line in self._lines.values())
        write_whole(self._file, data)
        before, self._descriptor = self._descriptor, os.open(self._file, os.O_WRONLY | os.O_APPEND)
        if before >= 0:
            os.close(before)
        self._size, self._limit = len(data), 2 * len(data) + LARGEST
        self._written += 1
        self._synced = self._written

    def _sync(self, written: int) -> None:
        """Whoever comes meanwhile is done with the next time. Raises ``OSError``."""
        with self._disk:
            with self._lock:
                if self._synced >= written:
                    return
                descriptor, now = os.dup(self._descriptor), self._written
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            with self._lock:
                self._synced = max(self._synced, now)


def likeness(order: AttemptOrder, key: bytes) -> str:
    """The same for orders that differ only in their numbers and predecessors. ``key``: a secret of the agent's process,
    so that nobody learns the secrets of an order from what is kept."""
    same = encode(replace(order, id=replace(order.id, number=0), fresh=False, predecessors=()))
    return sha256_of_bytes(key + same if order.secrets else same)


def _read(file: Path) -> Iterator[tuple[str, _Line]]:
    """The lines that count. One that was cut off, or is none, is passed over."""
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        return
    known: dict[str, _Line] = {}
    for each in data.splitlines():
        with contextlib.suppress(ValueError):
            line = decode(each, _Line)
            known[line.place] = line
    oldest = time.time() - KEPT_SECONDS
    yield from ((place, line) for place, line in known.items() if line.kept and line.at >= oldest)
