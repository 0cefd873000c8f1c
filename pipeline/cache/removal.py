"""Entries are removed in two steps: an entry gets a hidden name beside the others, and then goes away.

So no process ever sees a part of an entry; the same names serve while one is filled. What killed processes left under
such names is removed when it is so old that no process can work there.
"""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from pipeline.files import try_remove_tree

STALE_SECONDS = 3600
MEASURED = ".measured.json"  # a hidden name, too, of a file that stays


def new_name(root: Path, what: str) -> Path:
    """A hidden name beside the entries that no process has, nor had one that was killed."""
    return root / f".{what}-{os.urandom(8).hex()}"


def discard(root: Path, entry: Path) -> bool:
    """Remove an entry. Returns False where it is gone already, or can't be renamed."""
    gone = new_name(root, "gone")
    try:
        os.rename(entry, gone)
    except OSError:
        return False
    remove(gone)
    return True


def remove(path: Path) -> None:
    """Remove a file or folder that has a hidden name. What can't be removed stays for a later sweep."""
    if path.is_dir() and not path.is_symlink():
        try_remove_tree(path)
        return
    with contextlib.suppress(OSError):
        path.unlink()


def stale(root: Path) -> Iterator[Path]:
    """Files and folders that killed processes left."""
    now = time.time()
    with contextlib.suppress(OSError), os.scandir(root) as found:
        for each in found:
            if each.name.startswith(".") and each.name != MEASURED:
                with contextlib.suppress(FileNotFoundError):  # another process was faster
                    if now - each.stat(follow_symlinks=False).st_mtime > STALE_SECONDS:
                        yield Path(each.path)


def sweep(root: Path) -> int:
    """Remove what killed processes left. Returns how many files and folders that was."""
    return sum(discard(root, path) for path in list(stale(root)))
