"""A file's content under a second name: by reflink where the file system has them, else hard link, else copy.

A reflink and a copy are files of their own. A hard link shares its bytes, so it loses its write permission under all
its names: a person who edits a result in a job's folder by mistake is told so, instead of changing the other jobs'
results. (Whoever insists, or is root, is found out by size, time and digest.) Large deliverables are links as well, and
read-only then; they can be moved, played and removed as before.
"""

import contextlib
import os
import shutil
import stat
from pathlib import Path

if os.name == "nt":
    LINKS = False  # a read-only file can't be removed there, and a writable one shouldn't be shared
else:
    import fcntl

    LINKS = True

FICLONE = 0x40049409  # linux/fs.h
WRITE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


class Placer:
    """Puts files at new names, remembering what the file system refused, so that it is asked once."""

    def __init__(self) -> None:
        self._clones = LINKS and os.uname().sysname == "Linux"
        self._links = LINKS

    def place(self, source: Path, target: Path, writable: bool) -> os.stat_result:
        """``target`` must not exist; a file of its own is ``writable`` or not. Raises ``OSError``, leaving nothing."""
        try:
            if self._clone(source, target):
                _set_mode(source, target, writable)
            elif not self._link(source, target):
                shutil.copyfile(source, target)
                _set_mode(source, target, writable)
            return os.stat(target)
        except BaseException:
            target.unlink(missing_ok=True)
            raise

    def _clone(self, source: Path, target: Path) -> bool:
        if not self._clones:
            return False
        with open(source, "rb") as from_file, open(target, "xb") as to_file:
            try:
                fcntl.ioctl(to_file.fileno(), FICLONE, from_file.fileno())
                return True
            except OSError:
                self._clones = False
        target.unlink()
        return False

    def _link(self, source: Path, target: Path) -> bool:
        """Whether the target is now another name of the source, without write permission."""
        if not self._links:
            return False
        try:
            os.link(source, target)
        except OSError:  # no links there, another file system, too many of them, or somebody else's file
            return False
        try:
            mode = stat.S_IMODE(os.stat(target).st_mode)
            if mode & WRITE:
                target.chmod(mode & ~WRITE)
        except OSError:
            target.unlink()
            return False
        return True


def _set_mode(source: Path, target: Path, writable: bool) -> None:
    """A file of its own is as executable as its source."""
    mode = stat.S_IMODE(os.stat(source).st_mode)
    with contextlib.suppress(PermissionError):  # a file system without modes
        target.chmod(mode | stat.S_IWUSR if writable else mode & ~WRITE)
