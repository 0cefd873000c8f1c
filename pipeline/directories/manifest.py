"""What is in a directory that a stage left: every file, link and folder below it, with one digest over all.

The digest is BLAKE3 over a line for each entry, in the order of the paths' bytes: kind, size, the digest of the file's
bytes or the target of the link, and the path. Times, owners and other permissions than the one to be executed don't
count: a copy of a directory has the digest of the directory.
"""

import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Literal

from pipeline.digests import TREE_PREFIX
from pipeline.files import write_at_once
from pipeline.text import counted, printable
from pipeline.values import Struct, ValidationError, decode, encode

MANIFESTS = "manifests"  # a folder beside that of the outputs
SHOWN = 5  # entries that a message names
Kind = Literal["file", "program", "link", "folder"]


class TreeEntry(Struct, frozen=True, array_like=True):
    """One name in a directory."""

    path: str  # from the directory on, with / between names
    kind: Kind  # a program is a file that may be executed
    size: int = 0  # bytes of a file
    content: str = ""  # of a file, the BLAKE3 of its bytes in hexadecimal; of a link, where it leads


class Manifest(Struct, frozen=True):
    """All that is in a directory, in the order of the paths' bytes."""

    schema: Literal[1]
    entries: tuple[TreeEntry, ...]

    @property
    def files(self) -> int:
        """How many files it has."""
        return sum(each.kind in {"file", "program"} for each in self.entries)

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(each.size for each in self.entries)

    @property
    def digest(self) -> str:
        from blake3 import blake3

        lines = b"".join(
            f"{each.kind} {each.size} ".encode("ascii") + b"\0".join((*_names(each), b"")) for each in self.entries
        )
        return TREE_PREFIX + blake3(lines).hexdigest()


def of_entries(entries: Iterable[TreeEntry]) -> Manifest:
    """In whatever order they come."""
    return Manifest(1, tuple(sorted(entries, key=lambda each: os.fsencode(each.path))))


def place_for(directory: Path) -> Path:
    """The manifest's file: ``manifests/NAME.json`` beside the folder in which the directory lies."""
    return directory.parent.with_name(MANIFESTS) / f"{directory.name}.json"


def write(directory: Path, manifest: Manifest) -> None:
    """Raises ``OSError``."""
    file = place_for(directory)
    file.parent.mkdir(exist_ok=True)
    write_at_once(file, encode(manifest))


def copy(directory: Path, other: Path) -> None:
    """Give another place of a directory its manifest, as it is. Raises ``OSError``."""
    file = place_for(other)
    file.parent.mkdir(exist_ok=True)
    write_at_once(file, place_for(directory).read_bytes())


def read(directory: Path, digest: str) -> Manifest | None:
    """The manifest that was written for a directory; ``None`` where it isn't there, or isn't that of the digest."""
    manifest = _decoded(directory)
    return manifest if manifest and manifest.digest == digest else None


def of_directory(directory: Path) -> tuple[TreeEntry, ...]:
    """What the manifest of a directory has, whether the directory is still that or not; nothing without a manifest."""
    manifest = _decoded(directory)
    return manifest.entries if manifest else ()


def differences(before: Manifest, after: Manifest) -> Iterator[str]:
    """Each entry that differs, in words: what has other content first, then what is new, then what is gone."""
    old, new = ({each.path: each for each in manifest.entries} for manifest in (before, after))
    yield from (f"{printable(path)} (changed)" for path, each in new.items() if path in old and old[path] != each)
    yield from (f"{printable(path)} (new)" for path in new if path not in old)
    yield from (f"{printable(path)} (gone)" for path in old if path not in new)


def described(before: Manifest, after: Manifest) -> str:
    """The differences as a part of a sentence: how many, and the first few."""
    found = list(differences(before, after))
    named = ", ".join(islice(found, SHOWN))
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return f"{len(found)} of {counted(len(after.entries), 'name')} differ: {named}{more}"


def _decoded(directory: Path) -> Manifest | None:
    try:
        return decode(place_for(directory).read_bytes(), Manifest)
    except (OSError, ValueError, ValidationError):
        return None


def _names(entry: TreeEntry) -> tuple[bytes, bytes]:
    return os.fsencode(entry.content), os.fsencode(entry.path)
