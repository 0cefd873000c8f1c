"""The folders in which attempts lie: real ones from the job's own folder down, never links to elsewhere.

A stage runs as the user who runs the job, so it can put a link in the place of a folder. What is behind a link isn't
the job's: it may be a person's own, and may become something else at any time.
"""

import os
import stat
from pathlib import Path

from pipeline.files import clear


def link_above(path: Path, top: Path) -> Path | None:
    """What isn't a real folder between ``top`` and ``path``, the lowest first; ``None`` where all are.

    Neither ``top`` nor ``path`` itself is looked at. Raises ``OSError`` where one isn't there.
    """
    folder, highest = os.path.dirname(path), os.fspath(top)
    while len(folder) > len(highest):
        if not stat.S_ISDIR(os.lstat(folder).st_mode):
            return Path(folder)
        folder = os.path.dirname(folder)
    return None


def make(folder: Path, top: Path) -> None:
    """Make it, and all between it and ``top``, real folders that can be written to. What stands in their place goes;
    what is behind a link stays. Raises ``OSError``."""
    for each in reversed([folder, *(above for above in folder.parents if top in above.parents)]):
        if not os.path.lexists(each) or not stat.S_ISDIR(os.lstat(each).st_mode):
            clear(each)
            each.mkdir()
        elif not os.access(each, os.R_OK | os.W_OK | os.X_OK):
            each.chmod(0o700)
