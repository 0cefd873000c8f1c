"""The directories that a stage left as its outputs: each is committed as one, with a manifest of what is in it."""

import os
from pathlib import Path

from pipeline.directories import manifest
from pipeline.directories.manifest import Manifest
from pipeline.directories.own_files import make_own
from pipeline.directories.reading import DirectoryUnusable, read
from pipeline.directories.scan import scan
from pipeline.files import sync_all, sync_folder
from pipeline.jobs.output_files import OutputsMissing
from pipeline.jobs.records import Output


def make_durable(name: str, path: Path, digest: str | None) -> Output:
    """Read it and put it and its manifest on the disk. With ``digest``, it comes from the store of results with its
    manifest, and nothing is read.

    Raises ``OutputsMissing`` where it can't be an output, and ``OSError``.
    """
    if digest is not None:
        sync_all()
        signature = scan(path).signature
        return Output(path, digest, signature.size, signature.mtime_ns, signature)
    try:
        reading = read(path, make_own(path), flush=True)
    except DirectoryUnusable as error:
        raise OutputsMissing(f"it ended well, but its output '{name}' ({path.name}/) {error}") from error
    manifest.write(path, reading.manifest)
    sync_folder(manifest.place_for(path).parent)
    found = reading.signature
    return Output(path, reading.manifest.digest, found.size, found.mtime_ns, found)


def has_files(path: Path) -> bool:
    """Whether there is anything but folders in it, at any depth."""
    return any(names or any(Path(at, each).is_symlink() for each in folders) for at, folders, names in os.walk(path))


def changes(path: Path, digest: str) -> str:
    """What differs from what was committed, in words; empty where that can't be told."""
    before = manifest.read(path, digest)
    after = _as_it_is(path) if before else None
    return manifest.described(before, after) if before and after and before.digest != after.digest else ""


def _as_it_is(path: Path) -> Manifest | None:
    try:
        return read(path).manifest
    except (OSError, DirectoryUnusable):
        return None
