"""The files that a stage reads while it runs: none of them may be changed by it, or by anything else meanwhile."""

import os
import stat
from pathlib import Path

from pipeline.digests import content_digest, is_tree, sha256_of_file
from pipeline.directories.scan import any_signature_of
from pipeline.run.linked_input import FileAttributes
from pipeline.signatures import Signature, signature_of
from pipeline.values import Struct


class InputFile(Struct, frozen=True):
    """A file or a directory that a stage gets, and what must be in it."""

    slot: str
    path: Path
    digest: str
    made_by: str = ""  # the stage whose output it is; empty for the job's input
    size: int = 0  # that the output was committed with
    mtime_ns: int = 0

    @property
    def is_whole(self) -> bool:
        """By every byte."""
        if is_tree(self.digest):
            return self._has_tree
        digest_of = content_digest if self.digest.startswith("blake3:") else sha256_of_file
        try:
            is_file = stat.S_ISREG(os.stat(self.path, follow_symlinks=not self.made_by).st_mode)
            return is_file and digest_of(self.path) == self.digest  # to open a pipe would wait forever
        except OSError:
            return False

    @property
    def signature(self) -> Signature:
        """The job's input may be a link to a person's file, an output never is one. Raises ``OSError``."""
        return any_signature_of(self.path) if self.made_by else signature_of(self.path)

    @property
    def _has_tree(self) -> bool:
        from pipeline.directories.tree_reader import digest_of

        try:
            return digest_of(self.path) == self.digest
        except OSError:
            return False


class WatchedFile(Struct, frozen=True):
    """An input as it was when the stage began."""

    file: InputFile
    before: Signature
    at_ns: int  # when that was taken
    known_ns: int  # when its bytes were sure to be right; they may have been changed in the same instant
    attributes: FileAttributes | None = None  # of a person's own file, which is read by a link

    def has_changed(self, now: Signature) -> bool:
        """Reads the file only where its signature doesn't say that it is the same."""
        if now == self.before and now.is_settled(self.known_ns):
            return False
        return now.size != self.before.size or not self.file.is_whole

    @property
    def looks_the_same(self) -> bool:
        """Whether it has the signature that it had: where it was changed, that was in the instant of its making."""
        try:
            return self.file.signature == self.before
        except OSError:
            return False
