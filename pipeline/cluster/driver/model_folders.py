"""Models as folders that travel: what is in one is read once, and known by its files' signatures in later runs.

A model that a person keeps elsewhere is a folder of links. What they lead to travels.
"""

import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from pipeline.digests import content_digest, sha256_of_bytes
from pipeline.directories.manifest import Kind, TreeEntry, of_entries
from pipeline.directories.scan import EXECUTABLE
from pipeline.errors import NotReady
from pipeline.files import write_at_once
from pipeline.values import Struct, ValidationError, decode, encode, field

SETTLED_SECONDS = 2.0  # after its last change a file's signature tells of the next one


class ModelFile(Struct, frozen=True):
    """A file as it was when it was read."""

    size: int  # bytes
    mtime_ns: int
    ctime_ns: int
    inode: int
    digest: str


class ModelNotes(Struct, frozen=True):
    files: dict[str, ModelFile] = field(default_factory=dict)  # by their paths in the folder


class ModelFolders:
    """``notes``: a folder for what is known of them, which may be lost."""

    def __init__(self, notes: Path) -> None:
        self._notes = notes

    def entries(self, folder: Path) -> tuple[TreeEntry, ...]:
        """All that is in a model. Raises ``NotReady`` where its links lead in a circle, and ``OSError``."""
        before = self._read(folder)
        found, entries = dict[str, ModelFile](), list[TreeEntry]()
        for path, status in _walk(folder, "", ()):
            if status is None:
                entries.append(TreeEntry(path, "folder"))
                continue
            file = _known(before.get(path), status) or _file(folder / path, status)
            found[path] = file
            kind: Kind = "program" if status.st_mode & EXECUTABLE else "file"
            entries.append(TreeEntry(path, kind, file.size, file.digest.partition(":")[2]))
        if found != before:
            self._write(folder, found)
        return of_entries(entries).entries

    def _file_of(self, folder: Path) -> Path:
        return self._notes / f"{sha256_of_bytes(os.fsencode(folder)).partition(':')[2]}.json"

    def _read(self, folder: Path) -> dict[str, ModelFile]:
        try:
            return decode(self._file_of(folder).read_bytes(), ModelNotes).files
        except (OSError, ValueError, ValidationError):
            return {}

    def _write(self, folder: Path, files: dict[str, ModelFile]) -> None:
        settled = (time.time() - SETTLED_SECONDS) * 1e9
        kept = {path: file for path, file in files.items() if file.ctime_ns < settled}
        self._notes.mkdir(parents=True, exist_ok=True)
        write_at_once(self._file_of(folder), encode(ModelNotes(kept)))


def _walk(top: Path, below: str, above: tuple[tuple[int, int], ...]) -> Iterator[tuple[str, os.stat_result | None]]:
    """Each path below a folder, and the state of a file; links are followed."""
    status = os.stat(top / below)
    here = status.st_dev, status.st_ino
    if here in above:
        raise NotReady(f"the model in {top} can't be sent to a node: {below} is a link that leads in a circle")
    for name in sorted(os.listdir(top / below)):
        path = f"{below}/{name}" if below else name
        each = os.stat(top / path)
        is_folder = stat.S_ISDIR(each.st_mode)
        yield path, None if is_folder else each
        if is_folder:
            yield from _walk(top, path, (*above, here))


def _known(before: ModelFile | None, status: os.stat_result) -> ModelFile | None:
    """What was read, where nothing has changed since."""
    same = before and (before.size, before.mtime_ns, before.ctime_ns, before.inode) == _signature(status)
    return before if same else None


def _file(path: Path, status: os.stat_result) -> ModelFile:
    return ModelFile(*_signature(status), digest=content_digest(path))


def _signature(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino
