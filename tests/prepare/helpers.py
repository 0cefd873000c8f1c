"""What tests of preparing share."""

import os
from pathlib import Path

Entry = tuple[str, int, int, int]  # kind, size, mode, time in ns


def snapshot(root: Path) -> dict[str, Entry]:
    """All files and folders below a folder. What is written, removed, renamed or touched makes a difference."""
    found = {}
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = Path(folder, name)
            status = path.lstat()
            kind = "link" if path.is_symlink() else "folder" if path.is_dir() else "file"
            found[str(path.relative_to(root))] = (kind, status.st_size, status.st_mode, status.st_mtime_ns)
    return found
