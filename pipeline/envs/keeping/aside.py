"""Builds that are nobody's any more: moved aside by one rename, so that nobody resolves them, and removed after."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

PREFIX = ".gone-"


def move_aside(folder: Path) -> Path:
    """Under a name that nobody has: in a container, a killed process may have had our own number."""
    gone = folder.with_name(f"{PREFIX}{os.urandom(8).hex()}")
    os.rename(folder, gone)
    return gone


def remove_tree(folder: Path) -> bool:
    """Whether it is gone. Two may remove one tree at once, and what can't be removed stays for the next to try."""
    shutil.rmtree(folder, onerror=_let_write)
    return not folder.exists()


def left(builds: Path) -> Iterator[Path]:
    """What was moved aside by a process that was killed before it had removed it."""
    with contextlib.suppress(OSError), os.scandir(builds) as found:
        yield from sorted(Path(each.path) for each in found if each.name.startswith(PREFIX))


def _let_write(_function: object, path: str, _error: object) -> None:
    """A package may bring folders that forbid their owner to write; nobody else is to read this tree again."""
    failed = Path(path)
    with contextlib.suppress(OSError):
        failed.parent.chmod(0o700)
        if failed.is_dir() and not failed.is_symlink():
            failed.chmod(0o700)
            shutil.rmtree(failed, ignore_errors=True)
        else:
            failed.unlink()
