"""All names below a directory, as the file system has them: no file is read.

The signature of a directory has the newest change time of all that is in it. That can't be set, and whatever is changed
later has a later one; so one such signature tells as much as those of all its files.
"""

import errno
import os
import stat
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path

from pipeline.signatures import Signature, signature_in
from pipeline.values import Struct

EXECUTABLE = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH


class TreeItem(Struct, frozen=True):
    """One name below a directory."""

    path: str  # from the directory on, with / between names
    mode: int
    inode: int
    links: int  # names of a file
    size: int  # bytes of a file; 0 of anything else
    mtime_ns: int
    ctime_ns: int

    @property
    def is_file(self) -> bool:
        return stat.S_ISREG(self.mode)

    @property
    def is_folder(self) -> bool:
        return stat.S_ISDIR(self.mode)

    @property
    def is_link(self) -> bool:
        return stat.S_ISLNK(self.mode)

    @property
    def is_program(self) -> bool:
        """Whether it is a file that may be executed."""
        return self.is_file and bool(self.mode & EXECUTABLE)


class TreeScan(Struct, frozen=True):
    """A directory at one moment; a folder comes before what is in it."""

    signature: Signature
    items: tuple[TreeItem, ...]


def scan(directory: Path) -> TreeScan:
    """Raises ``OSError``, also where it is a link to a directory, or none."""
    top = os.lstat(directory)
    if not stat.S_ISDIR(top.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, "it isn't a directory", os.fspath(directory))
    items = tuple(sorted(_walk(os.fspath(directory)), key=attrgetter("path")))
    return TreeScan(_signature(top, items), items)


def any_signature_of(path: Path) -> Signature:
    """That of a regular file, or of a directory with all that is in it. Raises ``OSError``, also for a link."""
    status = os.lstat(path)
    return signature_in(status) if stat.S_ISREG(status.st_mode) else scan(path).signature


def _walk(directory: str) -> Iterator[TreeItem]:
    folders = [(directory, "")]
    while folders:
        folder, before = folders.pop()
        with os.scandir(folder) as found:
            for each in found:
                status = each.stat(follow_symlinks=False)
                item = _item(before + each.name, status)
                if stat.S_ISDIR(item.mode):
                    folders.append((each.path, f"{item.path}/"))
                yield item


def _item(path: str, status: os.stat_result) -> TreeItem:
    mode = status.st_mode
    size = status.st_size if stat.S_ISREG(mode) else 0
    return TreeItem(path, mode, status.st_ino, status.st_nlink, size, status.st_mtime_ns, status.st_ctime_ns)


def _signature(top: os.stat_result, items: tuple[TreeItem, ...]) -> Signature:
    from blake3 import blake3

    described = [(each.path, stat.S_IFMT(each.mode), each.inode, each.size, each.mtime_ns) for each in items]
    return Signature(
        top.st_ino,
        sum([each.size for each in items]),
        max([each.mtime_ns for each in items if stat.S_ISREG(each.mode)], default=top.st_mtime_ns),
        max([top.st_ctime_ns, 0, *[each.ctime_ns for each in items]]),
        blake3(repr((top.st_mtime_ns, described)).encode("utf-8", "surrogateescape")).hexdigest(),
    )
