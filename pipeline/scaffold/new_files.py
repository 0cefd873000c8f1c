"""New files that are written all or not at all, and that never take the place of others."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.files import nearest, write_at_once
from pipeline.text import counted, printable
from pipeline.values import Struct

# A project that is found around the current folder is used where nobody else may change it, whatever the umask is.
FILE_MODE, FOLDER_MODE = 0o644, 0o755
LOCKING = "pipeline env lock"  # what a new environment needs next


class NewFile(Struct, frozen=True):
    """A file that is to be made."""

    path: str  # relative to the project, with slashes
    content: bytes


def clashes(root: Path, files: Iterable[NewFile]) -> list[str]:
    """What stands in the way of the files, relative to ``root``: each with the reason, and nothing twice."""
    return list(dict.fromkeys(reason for file in files for reason in _in_the_way(root, file.path)))


def _in_the_way(root: Path, path: str) -> Iterator[str]:
    place = root / path
    for folder in reversed(place.relative_to(root).parents[:-1]):
        above = root / folder
        if os.path.lexists(above) and not above.is_dir():
            yield f"{folder.as_posix()} is a file, where a folder is needed"
            return
        if above.is_symlink() and not above.resolve().is_relative_to(root.resolve()):
            yield f"{folder.as_posix()} is a link that leads out of the folder"
            return
    if os.path.lexists(place):
        yield f"{path} is there already"


def require_room(root: Path, files: Sequence[NewFile], next_step: str) -> None:
    """Raises ``UsageError`` that names all that is in the way. Writes nothing."""
    if found := clashes(root, files):
        listed = "\n".join(f"  {printable(each)}" for each in found)
        message = f"nothing was written to {printable(str(root))}: {counted(len(found), 'file')} in the way\n{listed}"
        raise UsageError(message, next_step)


def require_permission(root: Path, files: Sequence[NewFile], next_step: str) -> None:
    """Raises ``UsageError`` with the first folder in which a file or a folder can't be made. Writes nothing."""
    for folder in dict.fromkeys(nearest((root / file.path).parent) for file in files):
        if not os.access(folder, os.W_OK | os.X_OK):
            reason = "its disk can only be read" if _is_read_only(folder) else "you have no permission to"
            shown = printable(str(folder))
            raise UsageError(f"nothing was written: {shown} can't be written to, since {reason}", next_step)


def _is_read_only(folder: Path) -> bool:
    return hasattr(os, "statvfs") and bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def write(root: Path, files: Sequence[NewFile], appended: NewFile | None = None) -> None:
    """Make all the files, in their order, with the folders around them. ``appended`` goes to the end of its file.

    Where that fails, or is interrupted, all is as it was. Raises ``OSError``.
    """
    made: list[Path] = []
    try:
        for file in files:
            _make_folders((root / file.path).parent, made)
            _create(root / file.path, file.content)
            made.append(root / file.path)
        if appended is not None:  # last, and in one step
            _append(root / appended.path, appended.content)
    except BaseException:
        _take_back(made)
        raise


def _create(path: Path, content: bytes) -> None:
    """Raises ``FileExistsError`` for a file that appeared a moment ago, which stays."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), FILE_MODE)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _append(path: Path, content: bytes) -> None:
    """In the file that a link leads to, and with the rights that the file has."""
    if not path.exists():
        _create(path, content)
        return
    real = path.resolve()
    before, mode = real.read_bytes(), real.stat().st_mode & 0o777
    gap = b"" if not before or before.endswith(b"\n") else b"\n"
    write_at_once(real, before + gap + content)
    real.chmod(mode)


def _make_folders(folder: Path, made: list[Path]) -> None:
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(FOLDER_MODE)
        made.append(each)


def _take_back(made: Sequence[Path]) -> None:
    for path in reversed(made):
        try:
            path.rmdir() if path.is_dir() else path.unlink(missing_ok=True)
        except OSError:  # somebody has put something there meanwhile
            continue
