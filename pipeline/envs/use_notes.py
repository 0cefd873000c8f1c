"""A run notes which builds it uses, in ``venv/.notes``; ``notes.py`` reads that.

A use is one byte at the end of the build's own file: its size is the count and its time the last use. So two may
count at once without a lock, it costs some microseconds, and there is nothing that a crash could tear.
"""

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

FOLDER = ".notes"


def file_of(prefix: Path) -> str:
    """The name of a build's file."""
    return f"{prefix.name}.uses"


def note(environments: Path, prefixes: Iterable[Path]) -> None:
    """A run uses these builds."""
    for prefix in prefixes:
        append(environments, file_of(prefix), b".")


def append(environments: Path, name: str, data: bytes) -> None:
    """As well as the disk allows: nobody is stopped by a read-only or full one."""
    folder = os.path.join(environments, FOLDER)
    with contextlib.suppress(OSError):
        descriptor = _open(folder, os.path.join(folder, name))
        try:
            os.write(descriptor, data)  # one call, which no other's is mixed with
        finally:
            os.close(descriptor)


def _open(folder: str, file: str) -> int:
    how = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    try:
        return os.open(file, how, 0o666)
    except FileNotFoundError:
        Path(folder).mkdir(exist_ok=True)
        return os.open(file, how, 0o666)
