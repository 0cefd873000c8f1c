"""Files and folders that an order or an outcome names: by their contents, with the names that a stage sees. Pure."""

import os
from collections.abc import Iterator
from pathlib import PurePosixPath

from pipeline.cluster.content.content_name import parts_of
from pipeline.directories.manifest import TreeEntry, of_entries
from pipeline.values import Struct


class OrderedFile(Struct, frozen=True, tag="file"):
    """A file. ``name``: in its folder; of an environment's file, its path from the project's folder."""

    name: str
    digest: str
    size: int  # bytes


class OrderedFolder(Struct, frozen=True, tag="folder"):
    """A folder with all that is in it."""

    name: str
    entries: tuple[TreeEntry, ...]

    @property
    def digest(self) -> str:
        return of_entries(self.entries).digest


OrderedItem = OrderedFile | OrderedFolder


def contents(item: OrderedItem) -> Iterator[tuple[str, int]]:
    """The digest and the size of each file of it."""
    if isinstance(item, OrderedFile):
        yield item.digest, item.size
        return
    yield from ((f"blake3:{each.content}", each.size) for each in item.entries if is_file(each))


def is_file(entry: TreeEntry) -> bool:
    return entry.kind in {"file", "program"}


def require_safe(item: OrderedItem, is_path: bool = False) -> None:
    """Raises ``ValueError`` for names that lead elsewhere, and for digests that are none. ``is_path``: may have /."""
    require_path(item.name, is_path)
    for digest, size in contents(item):
        parts_of(digest)
        if size < 0:
            raise ValueError(f"{item.name!r} has a size below nothing")
    if isinstance(item, OrderedFolder):
        for each in item.entries:
            require_path(each.path, is_path=True)


def require_path(path: str, is_path: bool = False) -> None:
    """Raises ``ValueError`` for what can't be a name, or with ``is_path`` a path, below a folder."""
    parts = path.split("/")
    is_plain = all(part not in {"", ".", ".."} and "\0" not in part and os.sep not in part for part in parts)
    if not is_plain or (len(parts) > 1 and not is_path) or PurePosixPath(path).is_absolute():
        raise ValueError(f"{path!r} can't be the name of a file here")
