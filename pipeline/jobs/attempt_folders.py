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
    text, highest = os.fspath(path), len(os.fspath(top))
    end = text.rfind(os.sep)
    while end > highest:  # os.path.dirname would take as long as the look
        if not stat.S_ISDIR(os.lstat(text[:end]).st_mode):
            return Path(text[:end])
        end = text.rfind(os.sep, 0, end)
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
