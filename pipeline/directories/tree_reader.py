"""A directory is read: the digest of each file in it, and with these its manifest.

Small files are mostly in memory still, where the stage that wrote them has just ended: then they are read one after the
other, since threads would wait for one another. They are read in a few threads at once where they have to come from a
disk, or are large. None is memory-mapped: a stage may have left a process that still cuts one off.
"""

import errno
import os
import stat
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from pipeline.directories import manifest
from pipeline.directories.links import leads_inside
from pipeline.directories.manifest import Manifest, TreeEntry
from pipeline.directories.scan import TreeItem, TreeScan, scan
from pipeline.files import sync_disk, sync_file, sync_folder
from pipeline.signatures import COARSE_TICK, Signature
from pipeline.values import Struct

CHUNK = 4 << 20  # bytes
THREADS = 4
AT_ONCE = 256  # files that a thread is given
SMALL = 128 << 10  # bytes; more take longer to be hashed than a thread to be given them
FLUSHED_ALONE = 64  # names up to which each is flushed by itself: beyond, to flush all that was written takes less
NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)  # a pipe would wait for its writer forever
CHANGED = "was changed while it was read: something that the stage has started still writes to it"


class DirectoryUnusable(Exception):
    """A directory can't be an output; the text goes on after its name."""


class DirectoryContent(Struct, frozen=True):
    """What was read, and the signature of the directory that had it: any later change gives another one."""

    manifest: Manifest
    signature: Signature


def read(directory: Path, before: TreeScan | None = None, flush: bool = False) -> DirectoryContent:
    """Read every file; ``flush``: until all of it is on the disk, too. ``before`` is a scan of a moment ago.

    Raises ``DirectoryUnusable``, and ``OSError`` where something can't be read.
    """
    before = before or scan(directory)
    require_plain(directory, before.items)
    _wait_until_settled(before.signature)
    files = [each for each in before.items if each.is_file]
    try:
        digests = dict(zip((each.path for each in files), _digests(directory, files), strict=True))
    except FileNotFoundError as error:
        raise DirectoryUnusable(CHANGED) from error
    entries = manifest.of_entries(_entry(directory, each, digests) for each in before.items)
    if flush:
        flush_to_disk(directory, before.items)
    if scan(directory).signature != before.signature:
        raise DirectoryUnusable(CHANGED)
    return DirectoryContent(entries, before.signature)


def digest_of(directory: Path) -> str:
    """Of all that is in it. Raises ``OSError``, also where it can't be an output."""
    try:
        return read(directory).manifest.digest
    except DirectoryUnusable as error:
        raise OSError(errno.EINVAL, str(error), os.fspath(directory)) from error


def require_plain(directory: Path, items: Iterable[TreeItem]) -> None:
    """Raises ``DirectoryUnusable`` where it has what is no file, folder or link to something in it."""
    for each in items:
        if each.is_file or each.is_folder:
            continue
        if not each.is_link:
            raise DirectoryUnusable(f"has {_shown(each)}, which is no file: {_kind(each.mode)}")
        if not leads_inside(directory, each.path, os.readlink(directory / each.path)):
            raise DirectoryUnusable(f"has {_shown(each)}, a link that leads out of it; write a file instead")


def _wait_until_settled(signature: Signature) -> None:
    """Until no change from now on can have the change time that the newest one has."""
    left = signature.ctime_ns + signature.tick - time.time_ns()
    if 0 <= left <= COARSE_TICK:  # else of a clock that isn't ours
        time.sleep((left + 1_000_000) / 1e9)


def _digests(directory: Path, files: Sequence[TreeItem]) -> list[str]:
    """In the order of the files."""
    digest = partial(file_digest, os.fspath(directory))
    digests: list[str] = []
    for start in range(0, len(files), AT_ONCE):
        some, before = files[start : start + AT_ONCE], _blocks_read()
        if _are_large(some) and len(files) > AT_ONCE:
            break
        digests += map(digest, some)
        if _blocks_read() > before:
            break
    rest = files[len(digests) :]
    if not rest:
        return digests
    with ThreadPoolExecutor(THREADS) as beside:
        return digests + list(beside.map(digest, rest, chunksize=AT_ONCE))


def _are_large(files: Sequence[TreeItem]) -> bool:
    return sum(each.size for each in files) > SMALL * len(files)


def _blocks_read() -> int:
    """How often this thread had to read from a disk so far; 0 where the system doesn't say."""
    if os.name == "nt":
        return 0
    import resource

    return resource.getrusage(getattr(resource, "RUSAGE_THREAD", resource.RUSAGE_SELF)).ru_inblock


def file_digest(directory: str, file: TreeItem) -> str:
    """BLAKE3 of its bytes, in hexadecimal. Raises ``OSError``."""
    from blake3 import blake3

    descriptor = os.open(f"{directory}/{file.path}", os.O_RDONLY | NO_LINK)
    try:
        if file.size < CHUNK:
            return blake3(_all(descriptor, file.size)).hexdigest()
        hasher = blake3(max_threads=blake3.AUTO)
        while data := os.read(descriptor, CHUNK):
            hasher.update(data)
        return hasher.hexdigest()
    finally:
        os.close(descriptor)


def _all(descriptor: int, size: int) -> bytes:
    """Of a file that should have this size; what it has more shows in its signature."""
    data = os.read(descriptor, size + 1)
    while len(data) < size and (more := os.read(descriptor, size - len(data))):
        data += more
    return data


def _entry(directory: Path, item: TreeItem, digests: dict[str, str]) -> TreeEntry:
    if item.is_file:
        return TreeEntry(item.path, "program" if item.is_program else "file", item.size, digests[item.path])
    if item.is_link:
        return TreeEntry(item.path, "link", 0, os.readlink(directory / item.path))
    return TreeEntry(item.path, "folder")


def flush_to_disk(directory: Path, items: Sequence[TreeItem]) -> None:
    """Wait until all of it is on the disk. A file with another name was flushed when that was given to it."""
    files = [each for each in items if each.is_file and each.links == 1]
    folders = [each for each in items if each.is_folder]
    if len(files) + len(folders) > FLUSHED_ALONE and os.name != "nt":
        sync_disk(directory)
        return
    for each in files:
        sync_file(directory / each.path)
    for each in folders:
        sync_folder(directory / each.path)
    sync_folder(directory)


def _shown(item: TreeItem) -> str:
    from pipeline.text import printable

    return printable(item.path)


def _kind(mode: int) -> str:
    kinds = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFBLK: "a device", stat.S_IFCHR: "a device"}
    return kinds.get(stat.S_IFMT(mode), "of another kind")
