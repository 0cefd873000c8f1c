"""The file of a draft: a line for each change, which is on the disk before anybody is told that it is saved.

Pages of several servers may write to it: each writer has its lock, and reads what others have added before it adds a
line of its own.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.files import sync_folder
from pipeline.locks import exclusive
from pipeline.subtitles.draft import AnyLine, Draft, after_lines
from pipeline.values import decode, encode

PREFIX, SUFFIX = "draft.", ".jsonl"
MORE = "move the file away to begin a new draft"


def path_of(edits: Path, track: str) -> Path:
    """Where the draft of a track lies, in the folder of a job's edits."""
    return edits / f"{PREFIX}{track}{SUFFIX}"


def track_of(name: str) -> str:
    """The track whose draft has this file name; empty for another file."""
    is_draft = name.startswith(PREFIX) and name.endswith(SUFFIX)
    return name[len(PREFIX) : -len(SUFFIX)] if is_draft else ""


def timestamp() -> str:
    """Now, in UTC, with seconds."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


class DraftFile:
    """For use by several threads at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._thread_lock = threading.RLock()
        self._draft = Draft()
        self._end = 0  # of the last whole line that was read

    def read(self) -> Draft:
        """The draft as it is now; an empty one where there is no file. Raises ``UsageError`` for a damaged one."""
        with self._thread_lock:
            try:
                with self.path.open("rb") as file:
                    if os.fstat(file.fileno()).st_size < self._end:  # somebody has put another one in its place
                        self._draft, self._end = Draft(), 0
                    file.seek(self._end)
                    data = file.read()
            except FileNotFoundError:
                self._draft, self._end = Draft(), 0
                return self._draft
            whole, _, _torn = data.rpartition(b"\n")
            if whole:
                self._draft = after_lines(self._draft, self._lines(whole))
                self._end += len(whole) + 1
            return self._draft

    @contextmanager
    def writing(self) -> Iterator[Callable[[Sequence[AnyLine]], Draft]]:
        """Nobody else adds a line until the block ends. Gives the function that adds some, and returns the draft.

        Raises ``OSError`` where they can't be written; the file is then as it was.
        """
        self.path.parent.mkdir(exist_ok=True)
        with self._thread_lock, exclusive(self.path.with_suffix(".lock"), on_wait=_patient):
            self.read()
            yield self._append

    def _append(self, lines: Sequence[AnyLine]) -> Draft:
        data = b"".join(encode(line) + b"\n" for line in lines)
        is_new = not self.path.exists()
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o666)
        try:
            os.ftruncate(descriptor, self._end)  # what a killed server has left of a line
            _write_all(descriptor, data, self._end)
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, self._end)
            raise
        finally:
            os.close(descriptor)
        if is_new:
            sync_folder(self.path.parent)
        return self.read()

    def _lines(self, data: bytes) -> list[AnyLine]:
        try:
            return decode(b"[%b]" % b",".join(data.split(b"\n")), list[AnyLine])
        except ValueError as error:
            raise UsageError(f"{self.path} is no draft that this version can read: {error}", MORE) from error


def _write_all(descriptor: int, data: bytes, place: int) -> None:
    os.lseek(descriptor, place, os.SEEK_SET)
    while data:
        data = data[os.write(descriptor, data) :]


def _patient(_holder: str) -> None:
    """Another page's line is written in a moment."""
