"""A directory in a second place: its folders and links made again, its files shared with the first where that works.

Files get a second name (a hard link), whatever their size: to copy fifty thousand small ones takes as long as the stage
that made them. They lose their write permission by that, under both names. Where the file system has reflinks, or no
hard links, they are files of their own.
"""

import errno
import os
import shutil
import stat
from pathlib import Path

from pipeline.directories.scan import EXECUTABLE, TreeItem, TreeScan
from pipeline.files import WRITE, reflink

NO_LINK = (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)


class TreePlacer:
    """Remembers what the file system refused, so that it is tried once."""

    def __init__(self) -> None:
        self._clones = os.name != "nt"
        self._links = os.name != "nt"

    def place(self, source: Path, items: TreeScan, target: Path) -> None:
        """``target`` must not exist. Raises ``OSError``; what was placed before that is the caller's to remove."""
        os.mkdir(target)
        above, top = os.fspath(source), os.fspath(target)
        for each in items.items:
            if each.is_folder:
                os.mkdir(f"{top}/{each.path}")
        for each in items.items:
            if each.is_file:
                self._file(f"{above}/{each.path}", f"{top}/{each.path}", each)
            elif each.is_link:
                os.symlink(os.readlink(f"{above}/{each.path}"), f"{top}/{each.path}")

    def _file(self, source: str, target: str, item: TreeItem) -> None:
        if self._clones:
            self._clones = reflink(Path(source), Path(target))
        if not self._clones and not (self._links and self._link(source, target, item)):
            shutil.copyfile(source, target, follow_symlinks=False)
        elif not self._clones:
            return
        if item.mode & EXECUTABLE:
            os.chmod(target, stat.S_IMODE(os.stat(target).st_mode) | item.mode & EXECUTABLE)

    def _link(self, source: str, target: str, item: TreeItem) -> bool:
        try:
            os.link(source, target, follow_symlinks=False)
        except OSError as error:
            if error.errno not in NO_LINK:
                raise
            self._links = error.errno == errno.EMLINK  # one file has too many names; the next one may have fewer
            return False
        if item.mode & WRITE:
            try:
                os.chmod(source, stat.S_IMODE(item.mode) & ~WRITE)
            except PermissionError:  # another user's file: who may write to it would change both
                os.unlink(target)
                return False
        return True
