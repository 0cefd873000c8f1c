"""Files and folders of this machine, as orders name them; and where each content lies."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from pipeline.cluster.driver.model_folders import ModelFolders
from pipeline.cluster.recipes import ordered
from pipeline.cluster.wire.ordered_items import OrderedFile, OrderedFolder, OrderedItem, contents, is_file
from pipeline.digests import is_tree
from pipeline.directories import manifest, tree_reader
from pipeline.directories.manifest import TreeEntry
from pipeline.run.input_files import InputFile

Signature = tuple[int, int, int]


class OrderItems:
    """``places``: the path of each content, by its digest. What was read once is read again only when it has changed.

    ``notes``: a folder for what is known of models. Every method raises ``OSError``, and ``DirectoryUnusable`` for a
    folder that can't travel.
    """

    def __init__(self, notes: Path) -> None:
        self._models = ModelFolders(notes)
        self.places: dict[str, Path] = {}
        self._files: dict[Path, tuple[Signature, str]] = {}
        self._folders: dict[Path, OrderedFolder] = {}

    def file(self, path: Path, name: str = "") -> OrderedFile:
        """A file whose digest nobody knows yet. ``name``: as the stage sees it; default: its own."""
        status = path.stat()
        signature = status.st_size, status.st_mtime_ns, status.st_ino
        known = self._files.get(path)
        if known is None or known[0] != signature:
            known = self._files[path] = signature, ordered(path, path.name).digest
        self.places[known[1]] = path
        return OrderedFile(name or path.name, known[1], status.st_size)

    def input(self, file: InputFile, name: str) -> OrderedItem:
        """What a stage reads; its digest is known."""
        if is_tree(file.digest):
            found = manifest.read(file.path, file.digest)
            entries = found.entries if found else tree_reader.read(file.path).manifest.entries
            return self._folder(file.path, name, entries)
        self.places[file.digest] = file.path
        return OrderedFile(name, file.digest, file.path.stat().st_size)

    def module(self, path: Path) -> OrderedItem:
        """What stages share: a file, or a folder."""
        return self.folder(path) if stat.S_ISDIR(path.stat().st_mode) else self.file(path)

    def folder(self, path: Path) -> OrderedFolder:
        """One that doesn't change while the run lasts."""
        if path not in self._folders:
            self._folders[path] = self._folder(path, path.name, tree_reader.read(path).manifest.entries)
        return self._folders[path]

    def model(self, path: Path) -> OrderedFolder:
        """Likewise. Raises ``NotReady``, too, as ``ModelFolders.entries``."""
        if path not in self._folders:
            folder = self._folders[path] = self._folder(path, path.name, self._models.entries(path))
            for digest, _ in contents(folder):
                self.places[digest] = self.places[digest].resolve()
        return self._folders[path]

    def _folder(self, path: Path, name: str, entries: Sequence[TreeEntry]) -> OrderedFolder:
        for each in entries:
            if is_file(each):
                self.places[f"blake3:{each.content}"] = Path(os.path.join(path, each.path))
        return OrderedFolder(name, tuple(entries))
