"""The files and directories that a stage left as its outputs: found by their names, and nobody else's."""

import os
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from pipeline.files import copy, replaced


class OutputsMissing(Exception):
    """The stage ended well but didn't leave what it declares."""


def find(folder: Path, name: str, pattern: str, inputs: Sequence[Path] = ()) -> Path:
    """The one file that has the declared name, or the one directory, whose name is declared with a slash at its end.

    Raises ``OutputsMissing``.
    """
    is_directory, pattern = pattern.endswith("/"), pattern.removesuffix("/")
    found = [entry for entry in _names(folder) if fnmatchcase(entry, pattern)]
    if len(found) > 1:  # a pattern may fit files and folders
        found = [entry for entry in found if (folder / entry).is_dir() == is_directory] or found
    if len(found) != 1:
        what = "isn't there" if not found else f"is there {len(found)} times"
        raise OutputsMissing(f"it ended well, but its output '{name}' ({pattern}) {what}")
    path = folder / found[0]
    if is_directory:
        if path.is_symlink() or not path.is_dir():
            raise OutputsMissing(f"it ended well, but its output '{name}' ({found[0]}) isn't a directory")
        return path
    if path.is_symlink() and os.path.realpath(path) in {os.path.realpath(each) for each in inputs}:
        _copy(path)
    if path.is_symlink() or not path.is_file():
        raise OutputsMissing(f"it ended well, but its output '{name}' ({found[0]}) isn't a regular file")
    return path


def detach(outputs: Iterable[Path]) -> None:
    """Give each file bytes of its own: another name of the same file may be an input, even the person's own."""
    for path in outputs:
        if not path.is_dir() and os.lstat(path).st_nlink > 1:
            _copy(path)


def _copy(path: Path) -> None:
    """Replace a link by a copy of what it leads to."""
    with replaced(path, flush=False, temporary=".copying.tmp") as beside:
        copy(path, beside)


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
