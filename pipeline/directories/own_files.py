"""What a stage left becomes the attempt's own: no other name, anywhere, stands for the same bytes."""

import os
import shutil
import stat
from collections.abc import Iterable
from pathlib import Path

from pipeline.directories.links import relative_target
from pipeline.directories.scan import EXECUTABLE, TreeItem, TreeScan, scan
from pipeline.files import replaced

TEMPORARY = ".pipeline-own.tmp"


def make_own(directory: Path) -> TreeScan:
    """Copy files that have other names elsewhere, let links say where they lead from where they are, and let the owner
    read and remove everything. Returns how it is then. Raises ``OSError``."""
    found = _scan_opened(directory)
    mended = sum(_mend(directory, each) for each in found.items)
    return scan(directory) if mended else found


def _scan_opened(directory: Path) -> TreeScan:
    """Folders that the owner can't look into are opened, one after the other."""
    opened: set[str] = set()
    while True:
        try:
            return scan(directory)
        except PermissionError as error:
            closed = os.fsdecode(error.filename or b"")
            if not closed or closed in opened:
                raise
            opened.add(closed)
            folder = closed if os.path.isdir(closed) else os.path.dirname(closed)
            os.chmod(folder, stat.S_IMODE(os.lstat(folder).st_mode) | stat.S_IRWXU)


def _mend(directory: Path, item: TreeItem) -> bool:
    """Whether something had to be done."""
    if item.is_link:
        return _make_relative(directory, item)
    wanted = stat.S_IRWXU if item.is_folder else stat.S_IRUSR
    if not (item.is_folder or item.is_file):
        return False
    has_rights, has_other_names = item.mode & wanted == wanted, item.is_file and item.links > 1
    if has_rights and not has_other_names:
        return False
    path = directory / item.path  # not for each of many files of which this is true
    if not has_rights:
        path.chmod(stat.S_IMODE(item.mode) | wanted)
    if has_other_names:
        _copy(path, item.mode)
    return True


def _copy(path: Path, mode: int) -> None:
    with replaced(path, flush=False, temporary=TEMPORARY) as beside:
        shutil.copyfile(path, beside)
        if mode & EXECUTABLE:
            beside.chmod(stat.S_IMODE(os.stat(beside).st_mode) | mode & EXECUTABLE)


def _make_relative(directory: Path, item: TreeItem) -> bool:
    path = directory / item.path
    target = relative_target(directory, item.path, os.readlink(path))
    if target is None:
        return False
    with replaced(path, flush=False, temporary=TEMPORARY) as beside:
        beside.symlink_to(target)
    return True


def is_empty(items: Iterable[TreeItem]) -> bool:
    """Whether there is nothing but folders."""
    return all(each.is_folder for each in items)
