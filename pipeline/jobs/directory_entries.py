"""What lies in a directory that a stage left, each as an output by itself: a member of a fan-out over the directory
reads one of them, and has only that one in its key."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.digests import CONTENT_PREFIX
from pipeline.directories import manifest, tree_reader
from pipeline.directories.manifest import TreeEntry
from pipeline.errors import StageError
from pipeline.jobs.records import Output
from pipeline.values import replace

Entries = Mapping[str, Sequence[TreeEntry]]  # by the first name of their paths


class DirectoryEntries:
    """Reads each manifest once: a directory may have fifty thousand names."""

    def __init__(self) -> None:
        self._known: dict[tuple[Path, str], Entries] = {}

    def output(self, directory: Output, name: str) -> Output | None:
        """The file or folder of this name, as the directory was committed; of a link, what it leads to.

        ``None`` where there is none. Raises ``StageError`` where the directory isn't what was committed.
        """
        path = directory.path / name
        if path.is_symlink():
            path = Path(os.path.realpath(path))
            name = os.path.relpath(path, os.path.realpath(directory.path))
            path = directory.path / name
        entries = self._entries(directory).get(name.partition("/")[0], ())
        found = [each for each in entries if each.path == name or each.path.startswith(f"{name}/")]
        if not found:
            return None
        digest, size = _content(found, name)
        return Output(path, digest, size, _time_of(path, directory))

    def _entries(self, directory: Output) -> Entries:
        key = directory.path, directory.digest
        if key not in self._known:
            grouped: dict[str, list[TreeEntry]] = {}
            for each in _read(directory):
                grouped.setdefault(each.path.partition("/")[0], []).append(each)
            self._known[key] = grouped
        return self._known[key]


def _content(entries: Sequence[TreeEntry], name: str) -> tuple[str, int]:
    """The digest, and bytes."""
    own = next(each for each in entries if each.path == name)
    if own.kind != "folder":
        return f"{CONTENT_PREFIX}{own.content}", own.size
    below = manifest.of_entries(replace(each, path=each.path[len(name) + 1 :]) for each in entries if each is not own)
    return below.digest, below.size


def _time_of(path: Path, directory: Output) -> int:
    try:
        return os.lstat(path).st_mtime_ns
    except OSError:  # removed; it is put back before a stage gets it
        return directory.mtime_ns


def _read(directory: Output) -> Sequence[TreeEntry]:
    known = manifest.read(directory.path, directory.digest)
    if known is None:  # somebody has removed its file
        try:
            known = tree_reader.read(directory.path).manifest
        except (OSError, tree_reader.DirectoryUnusable) as error:
            raise _changed(directory) from error
    if known.digest != directory.digest:
        raise _changed(directory)
    return known.entries


def _changed(directory: Output) -> StageError:
    return StageError(
        f"{directory.path} was changed or removed since its stage made it", "run-pipeline -j latest --verify"
    )
