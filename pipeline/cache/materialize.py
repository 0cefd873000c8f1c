"""A file's content under a second name: a reflink where the file system has them, else a hard link, else a copy.

A reflink and a copy are files of their own. A hard link shares its bytes, so it loses its write permission under all
its names: a person who edits a result in a job's folder gets an error, and doesn't change the results of other jobs.
(A change by root, or after ``chmod``, is detected by size, time and digest.) Small files are copied: a stage that
copies an input with its permissions, to edit the copy, would get that error, too, and files that are edited so are
small. Large deliverables are read-only links; they can be moved, played and removed as before.
"""

import contextlib
import os
import stat
from pathlib import Path

from pipeline.files import WRITE, link_read_only, reflink

LINKS = os.name != "nt"
COPY_UP_TO = 1 << 20  # bytes; copying these takes a fraction of a millisecond


class Placer:
    """Gives files new names. Remembers what the file system refused, so that it is tried once."""

    def __init__(self) -> None:
        self._clones = LINKS and os.uname().sysname == "Linux"
        self._links = LINKS

    def place(self, source: Path, target: Path, writable: bool) -> os.stat_result:
        """Returns the status of ``target``, which must not exist; ``writable`` is for a reflink or a copy.

        Raises ``OSError``, and leaves nothing then.
        """
        try:
            status = os.stat(source)
            if not self._clone(source, target):
                if self._links and status.st_size > COPY_UP_TO and link_read_only(source, target):
                    return os.stat(target)
                _copy(source, target, status.st_size)
            _set_mode(target, status.st_mode, writable)
            return os.stat(target)
        except BaseException:
            target.unlink(missing_ok=True)
            raise

    def _clone(self, source: Path, target: Path) -> bool:
        if not self._clones:
            return False
        self._clones = reflink(source, target)
        return self._clones


def _copy(source: Path, target: Path, size: int) -> None:
    if size > COPY_UP_TO:
        import shutil

        shutil.copyfile(source, target)  # in the kernel, where it can
    else:
        target.write_bytes(source.read_bytes())


def _set_mode(file: Path, mode: int, writable: bool) -> None:
    """The permissions of the source, with or without those to write."""
    with contextlib.suppress(PermissionError):  # a file system without modes
        file.chmod(stat.S_IMODE(mode) | stat.S_IWUSR if writable else stat.S_IMODE(mode) & ~WRITE)
