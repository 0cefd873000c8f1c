"""Environments that a group shares: who may read and write them follows from the folder that they lie in."""

import os
import stat
from pathlib import Path

GROUP, OTHERS = 0o070, 0o007


def mask_of(folder: Path) -> int:
    """The umask for new files in a folder: the group gets the folder's rights, others never more than reading."""
    mode = stat.S_IMODE(os.stat(folder).st_mode)
    return (~mode & (GROUP | OTHERS)) | stat.S_IWOTH


def share(file: Path) -> None:
    """Give a file of ours the rights that its folder gives."""
    mode = 0o666 & ~mask_of(file.parent) | stat.S_IRUSR | stat.S_IWUSR
    if stat.S_IMODE(os.stat(file).st_mode) != mode:
        file.chmod(mode)
