"""What isn't an entry yet, or isn't one any more: folders with names of their own beside the entries.

An entry appears and goes by one rename, so nobody ever sees half of one. What a killed process left beside them is
removed once it is so old that nobody can be at work in it.
"""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from pipeline.files import try_remove_tree

STALE_SECONDS = 3600
MEASURED = ".measured.json"  # beside them too, but here to stay


def new_name(root: Path, what: str) -> Path:
    # A name that nobody has: in a container, the process that was killed here may have had our own number.
    return root / f".{what}-{os.urandom(8).hex()}"


def discard(root: Path, entry: Path) -> bool:
    """Take an entry away in one step, then remove it; ``False`` where it is gone already or can't be moved."""
    gone = new_name(root, "gone")
    try:
        os.rename(entry, gone)
    except OSError:
        return False
    remove(gone)
    return True


def remove(path: Path) -> None:
    """Remove what nobody can reach by an entry's name; what can't be removed stays for a later sweep."""
    if path.is_dir() and not path.is_symlink():
        try_remove_tree(path)
        return
    with contextlib.suppress(OSError):
        path.unlink()


def stale(root: Path) -> Iterator[Path]:
    """What killed processes left."""
    now = time.time()
    with contextlib.suppress(OSError), os.scandir(root) as found:
        for each in found:
            if each.name.startswith(".") and each.name != MEASURED:
                with contextlib.suppress(FileNotFoundError):  # somebody else was quicker
                    if now - each.stat(follow_symlinks=False).st_mtime > STALE_SECONDS:
                        yield Path(each.path)


def sweep(root: Path) -> int:
    """Remove what killed processes left, taking it from whoever might still be at work there; returns how many."""
    return sum(discard(root, path) for path in list(stale(root)))
