"""Notes on builds: how often and when each was used, how long it took, how large it is.

They lie in ``venv/.notes``, since nothing is written into an environment after its build. They are best effort: on a
read-only or full disk nothing is noted, and nothing fails for that reason.

A use is one byte at the end of the build's own file: its size is the number of uses, its time is the last use. So two
runs may note a use at once without a lock, it takes some microseconds, and a crash can't leave half of it.
"""

import contextlib
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pipeline.files import write_at_once
from pipeline.values import Struct, encode, parsed

FOLDER = ".notes"
LINES = 200  # builds of one name that are remembered


class Uses(Struct, frozen=True):
    count: int = 0
    last: float | None = None  # seconds since the epoch


class Size(Struct, frozen=True):
    """The disk space of a build. A file that shares its content by a reflink counts like any other."""

    allocated: int  # bytes, each file once
    shared: int  # bytes of files that have a name elsewhere, too: removing the build doesn't free them
    files: int


class BuildNotes:
    """Reads and writes the notes. No method raises an error for a note that can't be read or written."""

    def __init__(self, environments: Path) -> None:
        self._environments = environments
        self._folder = environments / FOLDER

    def uses(self, prefix: Path) -> Uses:
        try:
            status = os.stat(self._folder / uses_file(prefix))
        except OSError:
            return Uses()
        return Uses(status.st_size, status.st_mtime)

    def built(self, name: str, prefix: Path, seconds: float) -> None:
        """Note that a build was made, which took so many seconds."""
        note = {"at": round(time.time(), 3), "seconds": round(seconds, 3), "build": prefix.name}
        _append(self._environments, f"{name}.builds", encode(note) + b"\n")
        self.size(prefix)

    def builds(self, name: str) -> list[dict[str, Any]]:
        """The builds that were made for a name, the oldest first: ``at``, ``seconds`` and ``build`` of each.

        Of more than ``LINES``, the latest.
        """
        return list(_lines(self._folder / f"{name}.builds"))[-LINES:]

    def size(self, prefix: Path) -> Size:
        """Measured once: a build never changes."""
        file = self._folder / f"{prefix.name}.size"
        if (size := _read_size(file)) is None:
            size = measure(prefix)
            self._write(file, encode([size.allocated, size.shared, size.files]))
        return size

    def forget(self, prefix: Path) -> None:
        """Remove the notes on a build that is gone; those on the builds of its name stay."""
        for name in (uses_file(prefix), f"{prefix.name}.size"):
            with contextlib.suppress(OSError):
                (self._folder / name).unlink()

    def _write(self, file: Path, data: bytes) -> None:
        with contextlib.suppress(OSError):
            self._folder.mkdir(exist_ok=True)
            write_at_once(file, data)


def note_use(environments: Path, prefixes: Iterable[Path]) -> None:
    """Note that a run uses these builds. ``environments``: the project's folder of environments."""
    for prefix in prefixes:
        _append(environments, uses_file(prefix), b".")


def uses_file(prefix: Path) -> str:
    """The name of the file that counts a build's uses."""
    return f"{prefix.name}.uses"


def measure(folder: Path) -> Size:
    """Looks at every file below a folder; files that disappear meanwhile aren't counted."""
    linked: dict[tuple[int, int], list[int]] = {}  # files with several names: size, names, and names met here
    allocated = files = 0
    for status, is_folder in _statuses(str(folder)):
        size = status.st_blocks * 512 if hasattr(status, "st_blocks") else status.st_size
        files += not is_folder
        if is_folder or status.st_nlink == 1:
            allocated += size
        else:
            linked.setdefault((status.st_dev, status.st_ino), [size, status.st_nlink, 0])[2] += 1
    shared = sum(size for size, names, met in linked.values() if names > met)
    return Size(allocated + sum(size for size, _, _ in linked.values()), shared, files)


def _append(environments: Path, name: str, data: bytes) -> None:
    folder = os.path.join(environments, FOLDER)
    with contextlib.suppress(OSError):
        descriptor = _open(folder, os.path.join(folder, name))
        try:
            os.write(descriptor, data)  # one call, so that no other process's data gets into it
        finally:
            os.close(descriptor)


def _open(folder: str, file: str) -> int:
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    try:
        return os.open(file, flags, 0o666)
    except FileNotFoundError:
        Path(folder).mkdir(exist_ok=True)
        return os.open(file, flags, 0o666)


def _statuses(folder: str) -> Iterator[tuple[os.stat_result, bool]]:
    """Every file and folder below, with whether it is a folder."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                is_folder = entry.is_dir(follow_symlinks=False)
                yield entry.stat(follow_symlinks=False), is_folder
                if is_folder:
                    yield from _statuses(entry.path)


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    """The lines that are whole; a crash may have torn one."""
    try:
        lines = file.read_bytes().splitlines()
    except OSError:
        return
    for line in lines:
        with contextlib.suppress(ValueError):
            value = parsed(line)
            if isinstance(value, dict) and isinstance(value.get("seconds"), int | float):
                yield value


def _read_size(file: Path) -> Size | None:
    """``None`` where there is none, or one that a crash has torn."""
    try:
        match parsed(file.read_bytes()):
            case [int(allocated), int(shared), int(files)]:
                return Size(allocated, shared, files)
    except (OSError, ValueError):
        pass
    return None
