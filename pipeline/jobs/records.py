"""What a committed attempt left, as the journal, its folder and the store of results have it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.digests import content_digest


@dataclass(frozen=True)
class Key:
    """A stage's identity, and the parts that it is the digest of."""

    digest: str
    parts: Mapping[str, Any]


@dataclass(frozen=True)
class Said:
    """What a stage said of its result."""

    warnings: tuple[str, ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict)  # facts, such as the engine that made it

    @property
    def described(self) -> dict[str, Any]:
        """As it stands in records, where nothing is the same as no word of it."""
        told = {"warnings": list(self.warnings), "about": dict(self.about)}
        return {name: value for name, value in told.items() if value}


NOTHING_SAID = Said()


def said_in(record: Mapping[str, Any]) -> Said:
    return Said(tuple(record.get("warnings", ())), record.get("about", {}))


@dataclass(frozen=True)
class Output:
    """A file that an attempt left, as it was when it was committed."""

    path: Path
    digest: str
    size: int
    mtime_ns: int

    @property
    def described(self) -> dict[str, Any]:
        """As it stands in records; the folder is known from the attempt."""
        return {"file": self.path.name, "size": self.size, "mtime_ns": self.mtime_ns, "digest": self.digest}

    def is_unchanged(self, read: bool = False) -> bool:
        """By size and time, or with ``read`` by every byte."""
        try:
            status = os.stat(self.path)
            same = (status.st_size, status.st_mtime_ns) == (self.size, self.mtime_ns)
            return same and (not read or content_digest(self.path) == self.digest)
        except OSError:
            return False


@dataclass(frozen=True)
class Result:
    """What a committed attempt left."""

    attempt: int
    key: str
    outputs: Mapping[str, Output]
    seconds: float
    said: Said = NOTHING_SAID

    def is_unchanged(self, read: bool = False) -> bool:
        return all(output.is_unchanged(read) for output in self.outputs.values())

    @property
    def described(self) -> dict[str, Any]:
        """As it stands in records."""
        return {
            "attempt": self.attempt,
            "key": self.key,
            "seconds": self.seconds,
            "outputs": {name: output.described for name, output in self.outputs.items()},
            **self.said.described,
        }


def recorded(folder: Path, record: Mapping[str, Any]) -> Result:
    """A recorded result whose outputs lie in ``folder``."""
    outputs = {
        name: Output(folder / entry["file"], entry["digest"], entry["size"], entry["mtime_ns"])
        for name, entry in record["outputs"].items()
    }
    return Result(record["attempt"], record["key"], outputs, float(record["seconds"]), said_in(record))
