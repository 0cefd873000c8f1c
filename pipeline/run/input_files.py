"""The files that a stage reads while it runs: none of them may be changed by it, or by anything else meanwhile."""

import contextlib
import os
import time
from collections.abc import Sequence
from pathlib import Path

from pipeline.digests import content_digest, sha256_of_file
from pipeline.signatures import Signature, signature_of
from pipeline.values import Struct


class InputFile(Struct, frozen=True):
    """A file that a stage gets, and what must be in it."""

    slot: str
    path: Path
    digest: str
    made_by: str = ""  # the stage whose output it is; empty for the job's input
    size: int = 0  # that the output was committed with
    mtime_ns: int = 0

    @property
    def is_whole(self) -> bool:
        """By every byte."""
        digest_of = content_digest if self.digest.startswith("blake3:") else sha256_of_file
        try:
            return self.path.is_file() and digest_of(self.path) == self.digest  # to open a pipe would wait forever
        except OSError:
            return False


class WatchedFile(Struct, frozen=True):
    """An input as it was when the stage began."""

    file: InputFile
    before: Signature
    at_ns: int  # when that was taken

    @property
    def has_changed(self) -> bool:
        """Reads the file only where its signature doesn't say that it is the same."""
        try:
            now = signature_of(self.file.path)
        except OSError:
            return True
        if now == self.before and self.before.is_settled(self.at_ns):
            return False
        if now.size != self.before.size or not self.file.is_whole:
            return True
        if self.file.made_by and now.mtime_ns != self.file.mtime_ns:
            with contextlib.suppress(OSError):  # its record has the time
                os.utime(self.file.path, ns=(now.mtime_ns, self.file.mtime_ns))
        return False


def watch(files: Sequence[InputFile]) -> list[WatchedFile]:
    """Raises ``OSError`` for a file that can't be read."""
    return [WatchedFile(each, signature_of(each.path), time.time_ns()) for each in files]
