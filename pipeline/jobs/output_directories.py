"""The directories that a stage left as its outputs: each is committed as one, with a manifest of what is in it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.directories import manifest, tree_reader
from pipeline.directories.manifest import Manifest
from pipeline.directories.own_files import make_own
from pipeline.directories.scan import scan
from pipeline.directories.tree_reader import DirectoryUnusable, read
from pipeline.files import sync_file, sync_folder
from pipeline.jobs.output_files import OutputsMissing
from pipeline.jobs.records import Output


def make_durable(name: str, path: Path, digest: str | None) -> Output:
    """Read it and put it and its manifest on the disk. With ``digest``, it comes from the store of results with its
    manifest, and nothing is read.

    Raises ``OutputsMissing`` where it can't be an output, and ``OSError``.
    """
    if digest is not None:
        stored = scan(path)
        tree_reader.flush_to_disk(path, stored.items)
        signature = stored.signature
        return Output(path, digest, signature.size, signature.mtime_ns, signature)
    try:
        whole = read(path, make_own(path), flush=True)
    except DirectoryUnusable as error:
        raise _unusable(name, path, error) from error
    manifest.write(path, whole.manifest)
    sync_file(manifest.place_for(path))
    sync_folder(manifest.place_for(path).parent)
    found = whole.signature
    return Output(path, whole.manifest.digest, found.size, found.mtime_ns, found)


def require_files(
    declared: Mapping[str, str], ensure: Mapping[str, Mapping[str, Any]], outputs: Mapping[str, Path]
) -> None:
    """An empty directory is no result, unless the stage says that it may be. Raises ``OutputsMissing``."""
    for name, path in outputs.items():
        may_be_empty = ensure.get(name, {}).get("non_empty") is False
        if declared[name].endswith("/") and not may_be_empty and not has_files(path):
            hint = f"where that is right, its stage says so: [tool.pipeline.stage.ensure.{name}] non_empty = false"
            raise OutputsMissing(f"it ended well, but its output '{name}' ({path.name}/) has no file; {hint}")


def require_plain(declared: Mapping[str, str], outputs: Mapping[str, Path]) -> None:
    """Raises ``OutputsMissing`` where a directory has what an output can't have; nothing is read."""
    for name, path in outputs.items():
        if declared[name].endswith("/"):
            try:
                tree_reader.require_plain(path, make_own(path).items)
            except DirectoryUnusable as error:
                raise _unusable(name, path, error) from error


def has_files(path: Path) -> bool:
    """Whether there is anything but folders in it, at any depth."""
    return any(names or any(Path(at, each).is_symlink() for each in folders) for at, folders, names in os.walk(path))


def changes(path: Path, digest: str) -> str:
    """What differs from what was committed, in words; empty where that can't be told."""
    before = manifest.read(path, digest)
    after = _as_it_is(path) if before else None
    return manifest.described(before, after) if before and after and before.digest != after.digest else ""


def _unusable(name: str, path: Path, error: DirectoryUnusable) -> OutputsMissing:
    return OutputsMissing(f"it ended well, but its output '{name}' ({path.name}/) {error}")


def _as_it_is(path: Path) -> Manifest | None:
    try:
        return read(path).manifest
    except (OSError, DirectoryUnusable):
        return None
