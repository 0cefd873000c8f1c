"""What a committed attempt left, as the journal, its folder and the store of results have it."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pipeline.digests import content_digest, is_tree
from pipeline.signatures import Signature
from pipeline.values import Struct, field


class Key(Struct, frozen=True):
    """A stage's identity, and the parts that it is the digest of.

    The members of a fan-out have most parts in common: these are one value, since there may be 100,000 members.
    """

    digest: str
    common: dict[str, Any]
    own: dict[str, Any] = field(default_factory=dict)

    @property
    def parts(self) -> dict[str, Any]:
        return {**self.common, **self.own}


class OutputRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """An output as records have it; its folder is known from the attempt. What it is, a file or a directory, is told by
    its digest."""

    file: str
    size: int  # bytes
    mtime_ns: int
    digest: str


class Output(Struct, frozen=True):
    """A file or a directory that an attempt left, as it was when it was committed."""

    path: Path
    digest: str
    size: int  # bytes; of a directory, of all files in it
    mtime_ns: int  # of a directory, that of the newest file in it
    signature: Signature | None = None  # of a directory that was committed just now, settled

    @property
    def is_directory(self) -> bool:
        return is_tree(self.digest)

    @property
    def record(self) -> OutputRecord:
        return OutputRecord(self.path.name, self.size, self.mtime_ns, self.digest)

    def is_unchanged(self, read: bool = False) -> bool:
        """By size and time, or with ``read`` by every byte. A link is another file."""
        if self.is_directory:
            return self._has_tree(read)
        try:
            status = os.lstat(self.path)
            same = (status.st_size, status.st_mtime_ns) == (self.size, self.mtime_ns) and stat.S_ISREG(status.st_mode)
            return same and (not read or content_digest(self.path) == self.digest)
        except OSError:
            return False

    def _has_tree(self, read: bool) -> bool:
        from pipeline.directories.scan import scan
        from pipeline.directories.tree_reader import digest_of

        try:
            found = scan(self.path).signature
            same = (found.size, found.mtime_ns) == (self.size, self.mtime_ns)
            return same and (not read or digest_of(self.path) == self.digest)
        except OSError:
            return False


class Result(Struct, frozen=True):
    """What a committed attempt left."""

    attempt: int
    key: str
    outputs: dict[str, Output]
    seconds: float
    warnings: tuple[str, ...] = ()
    about: dict[str, Any] = field(default_factory=dict)  # facts that the stage reported, such as its engine

    def is_unchanged(self, read: bool = False) -> bool:
        return all(output.is_unchanged(read) for output in self.outputs.values())

    @property
    def output_records(self) -> dict[str, OutputRecord]:
        return {name: output.record for name, output in self.outputs.items()}


class ResultRecord(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An attempt's ``result.json``."""

    schema: Literal[1]
    stage: str
    attempt: int
    key: str
    seconds: float
    outputs: dict[str, OutputRecord]
    key_input: dict[str, Any]  # the parts of the key
    warnings: tuple[str, ...] = ()
    about: dict[str, Any] = field(default_factory=dict)


class StoredResult(Struct, frozen=True, omit_defaults=True):
    """A result as the store has it, for every job."""

    stage: str
    job: str  # that made it
    attempt: int
    key: str
    seconds: float
    outputs: dict[str, OutputRecord]
    key_input: dict[str, Any]
    warnings: tuple[str, ...] = ()
    about: dict[str, Any] = field(default_factory=dict)


def outputs_in(folder: Path, records: Mapping[str, OutputRecord]) -> dict[str, Output]:
    """Recorded outputs that lie in ``folder``."""
    return {name: Output(folder / each.file, each.digest, each.size, each.mtime_ns) for name, each in records.items()}
