"""Files and folders that are there whole or not at all, what reaches the disk, and trees removed.

This is the one place where a file or a folder takes its name in one step:
``tests/architecture/test_single_homes.py`` lists the few others and why they are.
"""

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.values import ascii_json, indented_json

TAIL_BYTES = 64 * 1024
COPIED_BYTES = 1 << 20  # at a time
DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
FICLONE = 0x40049409  # linux/fs.h
WRITE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
NO_FOLDER_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)


@contextlib.contextmanager
def replaced(path: Path, flush: bool = True, temporary: str | None = None) -> Iterator[Path]:
    """A temporary path beside ``path`` to write to; at the end of the block, it is renamed to ``path`` in one step.

    No reader ever sees a part of it, and nothing is left where the block raises. With ``flush``, the content is on the
    disk before the renaming; the name itself is on the disk after ``sync_folder(path.parent)``. ``temporary`` is the
    name of the temporary path, where a random one won't do: ``path`` may have the longest name that is allowed.

    The ``OSError`` of a full or broken disk, which names no file, gets ``path`` as its ``filename``.
    """
    beside = _beside(path, temporary)
    try:
        yield Path(beside)
        if flush:
            sync_file(Path(beside))
        os.replace(beside, path)
    except BaseException as error:
        _give_up(beside, path, error)
        raise


def write_whole(path: Path, data: bytes) -> None:
    """Replace a file, or make it, and wait until it is on the disk. Survives a crash at any point."""
    _write(path, data, flush=True)
    sync_folder(path.parent)


def write_at_once(path: Path, data: bytes) -> None:
    """As ``write_whole``, without waiting for the disk: a power cut may lose it. No reader ever sees a part of it."""
    _write(path, data, flush=False)


def _write(path: Path, data: bytes, flush: bool) -> None:
    """As ``replaced``, which takes a quarter longer: each attempt of a stage writes its result in this way."""
    beside = _beside(path)
    try:
        with open(beside, "xb") as file:
            file.write(data)
            if flush:
                file.flush()
                os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException as error:
        _give_up(beside, path, error)
        raise


def _beside(path: Path, temporary: str | None = None) -> str:
    folder, name = os.path.split(path)
    # Random: in a container, a process that crashed here may have had the same number as this one.
    return os.path.join(folder, temporary or f".{name}.{os.urandom(6).hex()}.tmp")


def _give_up(beside: str, path: Path, error: BaseException) -> None:
    with contextlib.suppress(OSError):
        Path(beside).unlink()
    if isinstance(error, OSError) and error.filename is None and error.errno in DISK_ERRORS:
        error.filename = str(path)


def write_new(path: Path, data: bytes) -> None:
    """As ``write_whole``, for a file that isn't there yet. Raises ``FileExistsError`` where it is.

    On a file system without hard links, a file that appears in the same instant is replaced.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    write_whole(beside, data)
    try:
        os.link(beside, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if path.exists():
            raise FileExistsError(path) from None
        os.replace(beside, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            beside.unlink()
    sync_folder(path.parent)


def publish(part: Path, folder: Path) -> bool:
    """Give a folder that is complete its name, in one step. Returns False where another folder has that name.

    Raises ``OSError`` for every other reason, such as a folder above that isn't there.
    """
    try:
        os.rename(part, folder)
    except OSError:
        if not os.path.lexists(folder):
            raise
        return False
    return True


def replace_folder(part: Path, folder: Path) -> None:
    """As ``publish``, in place of a folder that has the name; for an instant, none has it. Raises ``OSError``."""
    try_remove_tree(folder)
    os.rename(part, folder)


def try_remove_tree(folder: Path) -> None:
    """Remove a folder and all in it, as far as possible. Raises nothing, also where there is no such folder."""
    import shutil  # brings the compression libraries with it; most runs remove nothing

    shutil.rmtree(folder, ignore_errors=True)


def clear(path: Path) -> None:
    """Remove whatever has this name; what is behind a link stays. Raises ``OSError`` where it can't be removed."""
    try:
        is_folder = stat.S_ISDIR(os.lstat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return
    if not is_folder:
        path.unlink()
        return
    try_remove_tree(path)
    with contextlib.suppress(FileNotFoundError):
        path.rmdir()  # says why it is still there


def sync_disk(folder: Path) -> None:
    """Flush all that any program has written to the file system of a folder, where there are too many files to flush
    one by one; on Linux not to others, of which one may be on a server that doesn't answer. Not on Windows.

    Raises ``OSError``, on Linux also where something could not be written.
    """
    import ctypes

    library = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
    if library is None or not hasattr(library, "syncfs"):
        _sync_all()
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        number = ctypes.get_errno() if library.syncfs(descriptor) else 0
    finally:
        os.close(descriptor)
    if number in NO_FOLDER_SYNC:
        _sync_all()
    elif number:
        raise OSError(number, os.strerror(number), os.fspath(folder))


def _sync_all() -> None:
    if os.name != "nt":
        os.sync()


def sync_folder(folder: Path) -> None:
    """Flush the names in a folder to the disk. Windows has no such call, and needs none.

    Some network file systems refuse this for folders; there, it depends on the server when names are on the disk.
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


def copy(source: Path, target: Path) -> None:
    """The bytes of a file, as a file of their own, which need not be on the disk yet; ``target`` may be there already.

    ``shutil.copyfile`` does the same; its module brings the compression libraries with it, which take 4 ms.
    """
    with open(source, "rb", buffering=0) as reading, open(target, "wb") as writing:
        while data := reading.read(COPIED_BYTES):
            writing.write(data)


def sync_file(path: Path) -> None:
    """Flush a file's content to the disk."""
    # Opened for reading where that is enough: the file may be read-only.
    descriptor = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def dump_json(value: Any) -> bytes:
    """JSON for people to read. In ASCII, so that file names that aren't valid UTF-8 can be in it."""
    return (indented_json(value) + "\n").encode("ascii")


def pack_json(value: Any) -> bytes:
    """JSON in one line, for files that each attempt writes: indenting takes longer than writing."""
    return (ascii_json(value) + "\n").encode("ascii")


def read_json(path: Path) -> Any:
    import json

    return json.loads(path.read_bytes())


def reflink(source: Path, target: Path) -> bool:
    """Give a file's content to a new file that shares its blocks on the disk until one of them is written to.

    Returns whether the file system can do that; if not, there is no target.
    """
    if sys.platform != "linux":
        return False
    import fcntl

    with open(source, "rb") as from_file, open(target, "xb") as to_file:
        try:
            fcntl.ioctl(to_file.fileno(), FICLONE, from_file.fileno())
            return True
        except OSError:
            pass
    target.unlink()
    return False


def link_read_only(source: Path, target: Path) -> bool:
    """Make the target another name of the source, without write permission: who changes one would change the other.

    Returns whether that worked: not on a file system without links, on another one, or with another user's file.
    """
    if os.name == "nt":  # a read-only file can't be removed there, and a writable one shouldn't be shared
        return False
    try:
        os.link(source, target)
    except OSError:
        return False
    try:
        mode = os.stat(target).st_mode
        if mode & WRITE:
            target.chmod(stat.S_IMODE(mode) & ~WRITE)
    except OSError:
        target.unlink()
        return False
    return True


def nearest(folder: Path) -> Path:
    """The folder itself, or the first one above it that exists."""
    return next(each for each in (folder, *folder.parents) if each.exists())


def ignores_case(folder: Path) -> bool:
    """Whether names that differ only by case are one file beside this folder, whose own name has letters."""
    try:
        return folder.samefile(folder.with_name(folder.name.swapcase()))
    except OSError:
        return False


def tail(path: Path, lines: int, start: int = 0) -> list[str]:
    """The last lines of a log, without its first ``start`` bytes; empty where there is no such file."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(start, size - TAIL_BYTES))
            text = file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return []
    return text.splitlines()[-lines:]
