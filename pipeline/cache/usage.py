"""The size of the store: exactly, from every entry, or estimated, from what has changed.

A counter would be wrong after a crash, and a sample misses the one film among a thousand subtitles. For the estimate,
each of the 256 shards is measured, and its size is kept with the time at which its folder last changed. To add or
remove an entry changes that time, so only shards whose entries can differ are measured again.
"""

import contextlib
import os
import stat
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.cache.record import KEY_PREFIX, OUTPUTS, RECORD
from pipeline.cache.removal import MEASURED
from pipeline.directories.manifest import MANIFESTS
from pipeline.files import write_at_once
from pipeline.values import Struct, decode, encode

BLOCK = 4096  # bytes that the smallest file or folder takes on most file systems
SETTLED_NS = 2_000_000_000  # a folder that changed in the last two seconds may change again within the clock's step
DAY_SECONDS = 86_400


class Entry(Struct, frozen=True):
    key: str
    folder: Path
    size: int  # bytes on the disk, in whole blocks, with those that jobs share
    shared: int  # the bytes of files that have a hard link elsewhere: to remove the entry alone doesn't free them
    used: float  # last use, in seconds since 1970; 0 where the time can't be true


def entries(root: Path) -> Iterator[Entry]:
    """Every entry, in no order; one that is removed meanwhile may be missing."""
    for shard in _shards(root):
        yield from _entries_in(shard)


def estimate(root: Path) -> int:
    """Bytes that the store holds. Reads the time of each shard, and the entries of those that have changed."""
    known, now = _remembered(root / MEASURED), time.time_ns()
    total, settled = 0, {}
    for shard in _shards(root):
        with contextlib.suppress(FileNotFoundError):
            stamp = shard.stat().st_mtime_ns  # read before its entries: whatever changes later gives it a later time
            size = _known_size(known.get(shard.name), stamp)
            size = sum(entry.size for entry in _entries_in(shard)) if size is None else size
            total += size
            if 0 <= stamp < now - SETTLED_NS:
                settled[shard.name] = [stamp, size]
    if settled != known:
        _remember(root, settled)
    return total


def _shards(root: Path) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(root) as found:
            return [each for each in found if len(each.name) == 2 and each.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return []


def _entries_in(shard: "os.DirEntry[str]") -> Iterator[Entry]:
    with contextlib.suppress(FileNotFoundError), os.scandir(shard.path) as found:
        for each in found:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                yield _measured(each.path, each.name)


def _measured(folder: str, name: str) -> Entry:
    files = _statuses(folder)
    record = files.pop(RECORD, None)
    used = record.st_mtime if record else 0.0  # an entry without a record is useless
    size = BLOCK + (_blocks(record.st_size) if record else 0)
    below = [status for name in files if name in {OUTPUTS, MANIFESTS} for status in _below(os.path.join(folder, name))]
    size += sum(map(_blocks_of, below)) + (BLOCK if below else 0)
    shared = sum(_blocks_of(status) for status in below if status.st_nlink > 1 and stat.S_ISREG(status.st_mode))
    # Where the clock was ahead for a while, an entry that was used then would stay too long.
    believable = used <= time.time() + DAY_SECONDS
    return Entry(KEY_PREFIX + name, Path(folder), size, shared, used if believable else 0.0)


def _statuses(folder: str) -> dict[str, os.stat_result]:
    with os.scandir(folder) as found:
        return {each.name: os.lstat(each.path) for each in found}


def _below(folder: str) -> Iterator[os.stat_result]:
    """All files and folders, at every depth: an output may be a directory."""
    for name, status in _statuses(folder).items():
        yield status
        if stat.S_ISDIR(status.st_mode):
            yield from _below(os.path.join(folder, name))


def _blocks_of(status: os.stat_result) -> int:
    return BLOCK if stat.S_ISDIR(status.st_mode) else _blocks(status.st_size)


def _blocks(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


def _remembered(file: Path) -> Mapping[str, Any]:
    try:
        known = decode(file.read_bytes(), Any)
    except (OSError, ValueError):  # no file, or a damaged one
        return {}
    return known if isinstance(known, dict) else {}


def _known_size(entry: Any, stamp: int) -> int | None:
    match entry:
        case [int(at), int(size)] if at == stamp:
            return size
    return None


def _remember(root: Path, settled: Mapping[str, list[int]]) -> None:
    """Not flushed to the disk: where a crash damages it, the shards are measured again."""
    with contextlib.suppress(OSError):  # a full or read-only disk; it is measured again the next time
        write_at_once(root / MEASURED, encode(settled))
