"""Directories in the store of results: given and taken without reading them, as long as their signatures are known.

An entry's ``signatures.json`` has the signature of each of its directories, as it was when their bytes were known to be
right. To share a directory with a job changes that, so it is written down again then. It is never more than a hint: a
directory with another signature, such as that of an entry which a job that is gone has shared, is read.
"""

import contextlib
from pathlib import Path

from pipeline.cache.damage import DamagedEntry
from pipeline.directories import manifest
from pipeline.directories.placement import TreePlacer
from pipeline.directories.scan import TreeScan, scan
from pipeline.directories.tree_reader import DirectoryUnusable
from pipeline.directories.tree_reader import read as read_tree
from pipeline.files import write_at_once
from pipeline.signatures import Signature
from pipeline.values import ValidationError, decode, encode, replace

SIGNATURES = "signatures.json"


def put(placer: TreePlacer, source: Path, target: Path, known: Signature | None) -> None:
    """Share a committed directory and its manifest with an entry that is being filled. ``known``: its signature when
    it was committed. Whether the manifest is whole shows when the entry is taken. Raises ``OSError``."""
    before = scan(source)
    placer.place(source, before, target)
    manifest.copy(source, target)
    if known == before.signature:
        _note(target, scan(target).signature)


def take(placer: TreePlacer, source: Path, target: Path, digest: str) -> None:
    """Share an entry's directory and its manifest with a job. Raises ``DamagedEntry`` and ``OSError``."""
    known = _noted(source).get(source.name)
    try:
        if known is None or scan(source).signature != known:
            check_all(source, digest)
        before = _placed(placer, source, target, digest)
        after = scan(source).signature
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DamagedEntry(f"a part of its directory {source.name} isn't there") from error
    if before is None or replace(after, ctime_ns=before.signature.ctime_ns) != before.signature:
        raise DamagedEntry(f"its directory {source.name} was changed")
    if after != known:
        with contextlib.suppress(OSError):  # removed meanwhile, or on a read-only disk
            _note(source, after)


def check_all(directory: Path, digest: str) -> None:
    """Raises ``DamagedEntry`` where an entry's directory isn't what was stored; all of it is read."""
    before = manifest.read(directory, digest)
    if before is None:
        raise DamagedEntry(f"the manifest of its directory {directory.name} is damaged")
    try:
        after = read_tree(directory).manifest
    except (DirectoryUnusable, FileNotFoundError, NotADirectoryError) as error:
        raise DamagedEntry(f"its directory {directory.name} isn't whole: {error}") from error
    if after.digest != digest:
        raise DamagedEntry(f"its directory {directory.name} was changed: {manifest.described(before, after)}")


def _placed(placer: TreePlacer, source: Path, target: Path, digest: str) -> TreeScan | None:
    """How the source was before; ``None`` where its manifest isn't whole."""
    entries = manifest.read(source, digest)
    if entries is None:
        return None
    before = scan(source)
    placer.place(source, before, target)
    manifest.write(target, entries)
    return before


def _note(directory: Path, signature: Signature) -> None:
    """Write it down for an entry's directory. Raises ``OSError``."""
    noted = {**_noted(directory), directory.name: signature}
    write_at_once(_file(directory), encode(noted))


def _noted(directory: Path) -> dict[str, Signature]:
    try:
        return decode(_file(directory).read_bytes(), dict[str, Signature])
    except (OSError, ValueError, ValidationError):
        return {}


def _file(directory: Path) -> Path:
    return directory.parents[1] / SIGNATURES
