"""A file for a program that we start, which nobody else reads and which is gone when we are, however we end."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def private_file(name: str, text: str) -> Iterator[Path]:
    """A path by which this user's processes read ``text``, for as long as the block lasts.

    On Linux it is in memory, since a process that is killed removes nothing from a disk. Elsewhere it is a file in a
    folder that only its owner can enter. Raises ``OSError`` where it can't be made.
    """
    data = text.encode("utf-8")
    if _has_files_in_memory():
        with open(os.memfd_create(name), "wb", buffering=0) as file:
            file.write(data)
            yield Path(f"/proc/{os.getpid()}/fd/{file.fileno()}")
        return
    with tempfile.TemporaryDirectory(prefix="pipeline-uv-") as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        yield path


def _has_files_in_memory() -> bool:
    return hasattr(os, "memfd_create") and Path(f"/proc/{os.getpid()}/fd").is_dir()
