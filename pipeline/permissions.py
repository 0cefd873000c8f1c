"""Who may read and write what a project makes.

Jobs, results and logs hold what a person works on, so they are for this person alone: folders 0700, files 0600. A
group that shares a project says ``shared: true`` in its settings; then the umask and the folders decide, as usual.
Files that people keep elsewhere (locks of requirements, bundles, subtitles beside a movie) get their folder's rights.
"""

import contextlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path

GROUP, OTHERS = 0o070, 0o007
PRIVATE_UMASK = GROUP | OTHERS


def keep_private(folders: Iterable[Path]) -> None:
    """From now on, what this process and its children make is for this user alone, and so are these folders.

    A folder of another user stays as it is, and so does one with the set-group-ID bit, which was made for a group.
    """
    os.umask(PRIVATE_UMASK)
    if not hasattr(os, "geteuid"):  # Windows: files there have the rights of their folder
        return
    for folder in folders:
        with contextlib.suppress(OSError):  # it isn't there, or on a file system without modes
            status = os.stat(folder)
            if status.st_uid == os.geteuid() and status.st_mode & PRIVATE_UMASK and not status.st_mode & stat.S_ISGID:
                os.chmod(folder, stat.S_IMODE(status.st_mode) & ~PRIVATE_UMASK)  # noqa: PTH101  # without a new Path


def mask_of(folder: Path) -> int:
    """The umask for new files in a folder: the group gets the folder's rights, others never more than reading."""
    mode = stat.S_IMODE(os.stat(folder).st_mode)
    return (~mode & (GROUP | OTHERS)) | stat.S_IWOTH


def share(file: Path) -> None:
    """Give a file of ours the rights that its folder gives."""
    _set_mode(file, 0o666 & ~mask_of(file.parent) | stat.S_IRUSR | stat.S_IWUSR)


def share_folder(folder: Path) -> None:
    """Give a folder of ours the rights that the folder around it gives."""
    inherited = os.stat(folder).st_mode & stat.S_ISGID
    _set_mode(folder, 0o777 & ~mask_of(folder.parent) | stat.S_IRWXU | inherited)


def share_tree(folder: Path) -> None:
    """``share_folder`` and ``share`` for all in it; links stay as they are."""
    share_folder(folder)
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            share_tree(Path(entry.path))
        elif entry.is_file(follow_symlinks=False):
            share(Path(entry.path))


def share_as(file: Path, other: Path) -> None:
    """Let those read and write a file of ours who may read and write the other one; where that is gone, ``share``."""
    try:
        mode = os.stat(other).st_mode
    except OSError:
        share(file)
    else:
        _set_mode(file, mode & 0o066 | stat.S_IRUSR | stat.S_IWUSR)


def _set_mode(path: Path, mode: int) -> None:
    if stat.S_IMODE(os.stat(path).st_mode) != mode:
        with contextlib.suppress(PermissionError):  # a file system without modes
            path.chmod(mode)
