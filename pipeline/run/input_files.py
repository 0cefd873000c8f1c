"""The files that a stage reads while it runs: none of them may be changed by it, or by anything else meanwhile."""

import contextlib
import os
import stat
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
            is_file = stat.S_ISREG(os.stat(self.path, follow_symlinks=not self.made_by).st_mode)
            return is_file and digest_of(self.path) == self.digest  # to open a pipe would wait forever
        except OSError:
            return False

    @property
    def signature(self) -> Signature:
        """The job's input may be a link to a person's file, an output never is one. Raises ``OSError``."""
        return signature_of(self.path, follow_links=not self.made_by)


class WatchedFile(Struct, frozen=True):
    """An input as it was when the stage began."""

    file: InputFile
    before: Signature
    at_ns: int  # when that was taken

    @property
    def has_changed(self) -> bool:
        """Reads the file only where its signature doesn't say that it is the same."""
        try:
            now = self.file.signature
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
    return [WatchedFile(each, each.signature, time.time_ns()) for each in files]
