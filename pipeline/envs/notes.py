"""What is remembered of builds: how often and when they were used, how long they took, how large they are.

All of it stands in ``venv/.notes``, since nothing is written into an environment after its build, and all of it is
best effort: on a read-only or full disk there is nothing to remember, and nobody is stopped by it. What a run writes
there, it writes by ``uses.py``.
"""

import contextlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.envs import use_notes
from pipeline.files import write_at_once

LINES = 200  # builds of one name that are remembered


@dataclass(frozen=True)
class Uses:
    count: int = 0
    last: float | None = None  # seconds since the epoch


@dataclass(frozen=True)
class Size:
    """What a build takes of the disk; a file that shares its content by a reflink can't be told from another."""

    allocated: int  # bytes, each file once
    shared: int  # the part of it that has a name elsewhere too, so that removing the build doesn't free it
    files: int


class Notes:
    def __init__(self, environments: Path) -> None:
        self._environments = environments
        self._folder = environments / use_notes.FOLDER

    def uses(self, prefix: Path) -> Uses:
        try:
            status = os.stat(self._folder / use_notes.file_of(prefix))
        except OSError:
            return Uses()
        return Uses(status.st_size, status.st_mtime)

    def built(self, name: str, prefix: Path, seconds: float) -> None:
        note = {"at": round(time.time(), 3), "seconds": round(seconds, 3), "build": prefix.name}
        use_notes.append(self._environments, f"{name}.builds", json.dumps(note).encode("ascii") + b"\n")
        self.size(prefix)

    def builds(self, name: str) -> list[dict[str, Any]]:
        """The builds that were made for a name, the oldest first; of very many the latest."""
        return list(_lines(self._folder / f"{name}.builds"))[-LINES:]

    def size(self, prefix: Path) -> Size:
        """Measured once: a build never changes."""
        file = self._folder / f"{prefix.name}.size"
        if (known := _remembered(file)) is None:
            known = measure(prefix)
            self._write(file, json.dumps([known.allocated, known.shared, known.files]).encode("ascii"))
        return known

    def forget(self, prefix: Path) -> None:
        """The build is gone; what is known of its name's builds stays."""
        for name in (use_notes.file_of(prefix), f"{prefix.name}.size"):
            with contextlib.suppress(OSError):
                (self._folder / name).unlink()

    def _write(self, file: Path, data: bytes) -> None:
        """Not flushed to the disk: what a crash makes of it is measured again."""
        with contextlib.suppress(OSError):
            self._folder.mkdir(exist_ok=True)
            write_at_once(file, data)


def measure(folder: Path) -> Size:
    """Looks at every file below a folder; what goes away meanwhile isn't counted."""
    linked: dict[tuple[int, int], list[int]] = {}  # what has several names: its size, its names, and those met here
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


def _statuses(folder: str) -> Iterator[tuple[os.stat_result, bool]]:
    with contextlib.suppress(OSError), os.scandir(folder) as found:
        for each in found:
            with contextlib.suppress(OSError):
                is_folder = each.is_dir(follow_symlinks=False)
                yield each.stat(follow_symlinks=False), is_folder
                if is_folder:
                    yield from _statuses(each.path)


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    """A torn line is left out."""
    try:
        lines = file.read_bytes().splitlines()
    except OSError:
        return
    for line in lines:
        with contextlib.suppress(ValueError):
            value = json.loads(line)
            if isinstance(value, dict) and isinstance(value.get("seconds"), int | float):
                yield value


def _remembered(file: Path) -> Size | None:
    try:
        match json.loads(file.read_bytes()):
            case [int(allocated), int(shared), int(files)]:
                return Size(allocated, shared, files)
    except (OSError, ValueError):  # none, or one that a crash has torn
        pass
    return None
