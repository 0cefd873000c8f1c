"""Whether an output is byte for byte what was committed, mostly told by its signature alone.

What is known of a job's files goes from run to run in ``jobs/ID/signatures.json``. It is never more than a hint: a file
whose signature isn't there, or is another one, is read. So is one whose last change was so close to the reading of its
bytes that a later change might not show (``signatures.py``).
"""

import contextlib
import os
import time
from collections.abc import Iterable
from pathlib import Path

from pipeline.digests import content_digest
from pipeline.directories.scan import any_signature_of
from pipeline.files import replaced
from pipeline.jobs import attempt_folders
from pipeline.jobs.job import JobFolder
from pipeline.jobs.records import Output, Result
from pipeline.signatures import Signature
from pipeline.values import Struct, ValidationError, decode, encode, replace

NAME = "signatures.json"
RECENT = 2.0  # seconds
LONG_AGO = 1 << 62  # ns after 1970; what was settled when it was written down


class KnownOutput(Struct, frozen=True):
    """A file's signature, and when its bytes began to be read, which were right."""

    signature: Signature
    at_ns: int

    @property
    def is_settled(self) -> bool:
        """Whether each change since then would have shown."""
        return self.signature.is_settled(self.at_ns)


class OutputSignatures:
    """What is known of the files of one job."""

    def __init__(self, job: JobFolder) -> None:
        self._job = job
        self._known: dict[str, KnownOutput] | None = None  # by path; read when it is first asked for
        self._is_new = False
        self._looks: dict[Path, float] = {}  # when a directory was last looked through and was the same

    def known(self, path: Path) -> KnownOutput | None:
        """What is known of a file, if it is where it was, with the same signature. Where that isn't settled, it may
        have been changed in the same instant."""
        known = self._files.get(os.fspath(path))
        try:
            is_same = known is not None and known.signature == any_signature_of(path)
            if known and known.signature.contents:
                self._looks[path] = time.monotonic() if is_same else -RECENT
            return known if is_same and not attempt_folders.link_above(path, self._job.folder) else None
        except OSError:
            return None

    def known_of_late(self, path: Path) -> KnownOutput | None:
        """As ``known``. A directory that was looked through a moment ago isn't again: fifty thousand names take a fifth
        of a second, and many stages may begin to read it. What has changed since shows when the stage ends."""
        known, at = self._files.get(os.fspath(path)), self._looks.get(path, -RECENT)
        if known is None or not known.signature.contents or time.monotonic() - at > RECENT:
            return self.known(path)
        try:
            is_there = os.lstat(path).st_ino == known.signature.inode
            return known if is_there and not attempt_folders.link_above(path, self._job.folder) else None
        except OSError:
            return None

    def is_whole(self, output: Output, read: bool = False) -> bool:
        """Whether the file is there, where it was, with the bytes that were committed; ``read``: by every byte."""
        known, at = self.known(output.path), time.time_ns()
        if known and known.is_settled and not read:
            return True
        try:
            found = any_signature_of(output.path)
            same = output.is_directory or (found.size, found.mtime_ns) == (output.size, output.mtime_ns)
            is_linked = attempt_folders.link_above(output.path, self._job.folder) is not None
            if is_linked or not same or _digest(output) != output.digest:
                return False
        except OSError:
            return False
        self.note_read(output.path, found, at)
        return True

    def note(self, paths: Iterable[Path], read_from_ns: int) -> None:
        """These are whole: their bytes were right when they were read or written, which began at this time."""
        for path in paths:
            with contextlib.suppress(OSError):
                self.note_read(path, any_signature_of(path), read_from_ns)

    def note_committed(self, result: Result, read_from_ns: int) -> None:
        """As ``note``, for what has just become a result. The store may have given it other names since."""
        for each in result.outputs.values():
            if each.signature is None:
                self.note([each.path], read_from_ns)
            else:
                self.note_read(each.path, each.signature, LONG_AGO)
                self.note_link(each.path)

    def note_read(self, path: Path, signature: Signature, read_from_ns: int) -> None:
        """As ``note``, with the signature from before the bytes were read."""
        self._files[os.fspath(path)] = KnownOutput(signature, read_from_ns)
        self._is_new = True

    def note_link(self, path: Path) -> None:
        """We have just given a whole file, or those of a directory, another name, which changes nothing but
        its change time."""
        known = self._files.get(os.fspath(path))
        with contextlib.suppress(OSError):
            found = any_signature_of(path)
            if (
                known
                and found != known.signature
                and replace(found, ctime_ns=known.signature.ctime_ns) == known.signature
            ):
                self.note_read(path, found, LONG_AGO)

    def save(self) -> None:
        """For the next run. Raises nothing: without it, files are read."""
        if not self._is_new:
            return
        settled = {path: each.signature for path, each in self._files.items() if each.is_settled}
        top = len(os.fspath(self._job.folder)) + 1
        data = encode({path[top:]: each for path, each in settled.items()})
        with (
            contextlib.suppress(OSError),  # one name, so that what a killed run left is replaced, too
            replaced(self._job.folder / NAME, flush=False, temporary=".signatures.tmp") as beside,
        ):
            beside.write_bytes(data)
        self._is_new = False

    @property
    def _files(self) -> dict[str, KnownOutput]:
        if self._known is None:
            self._known = self._read()
        return self._known

    def _read(self) -> dict[str, KnownOutput]:
        try:
            kept = decode((self._job.folder / NAME).read_bytes(), dict[str, Signature])
        except (OSError, ValueError, ValidationError):
            return {}
        return {os.path.join(self._job.folder, path): KnownOutput(each, LONG_AGO) for path, each in kept.items()}


def _digest(output: Output) -> str:
    if not output.is_directory:
        return content_digest(output.path)
    from pipeline.directories.tree_reader import digest_of

    return digest_of(output.path)
