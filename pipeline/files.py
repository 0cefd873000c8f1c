"""Durable writes: a file is there whole, or not at all."""

import contextlib
import errno
import json
import os
from pathlib import Path
from typing import Any

TAIL_BYTES = 64 * 1024
NO_FOLDER_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)


def write_whole(path: Path, data: bytes) -> None:
    """Write beside the target, flush to the disk, then take the target's name. Survives a crash at any point."""
    _replace(path, data, durable=True)
    sync_folder(path.parent)


def write_at_once(path: Path, data: bytes) -> None:
    """As ``write_whole``, for what may be lost when the power goes: no reader ever sees a part of it."""
    _replace(path, data, durable=False)


def _replace(path: Path, data: bytes, durable: bool) -> None:
    folder, name = os.path.split(path)
    # A name that nobody has: in a container, the process that crashed here may have had our own number.
    beside = os.path.join(folder, f".{name}.{os.urandom(6).hex()}.tmp")
    try:
        with open(beside, "xb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException as error:
        with contextlib.suppress(FileNotFoundError):
            Path(beside).unlink()
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(path)  # a full disk is told by a call that knows no name
        raise


def sync_all() -> None:
    """Everything that any program has written so far, for where there are too many files to flush one by one."""
    if os.name != "nt":
        os.sync()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder as durable as the files. Windows has no such call, and needs none.

    Some network file systems refuse to do it for folders; there, names are as durable as their server makes them.
    """
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in NO_FOLDER_SYNC:
            raise
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    # For reading where that is enough: the file may be one that its owner made read-only.
    descriptor = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def dump_json(value: Any) -> bytes:
    """JSON for people to read; ASCII, so that any file name survives, even one that isn't valid UTF-8."""
    return (json.dumps(value, indent=2, allow_nan=False) + "\n").encode("ascii")


def pack_json(value: Any) -> bytes:
    """JSON in one line, for what is written for every attempt: indenting takes longer than writing the file."""
    return (json.dumps(value, allow_nan=False) + "\n").encode("ascii")


def read_json(path: Path) -> Any:
    return json.loads(path.read_bytes())


def remove_tree(folder: Path) -> None:
    """Remove a folder and all in it, as far as that can be done."""
    import shutil  # brings the compression libraries with it; most runs remove nothing

    shutil.rmtree(folder, ignore_errors=True)


def nearest(folder: Path) -> Path:
    """The folder itself, or the first one above it that is there."""
    return next(each for each in (folder, *folder.parents) if each.exists())


def tail(path: Path, lines: int, start: int = 0) -> list[str]:
    """The last lines of a log after its first ``start`` bytes, whatever they are; none where there is no such file."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(start, size - TAIL_BYTES))
            text = file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return []
    return text.splitlines()[-lines:]
