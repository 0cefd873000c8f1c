"""How much the store holds: exactly, by looking at every entry, or estimated, by looking at what has changed.

A counter would be wrong after a crash, and a sample misses the one film among a thousand subtitles. The estimate is a
measurement of each of the 256 shards, remembered with the time at which the shard's folder last changed: adding or
removing an entry changes that time, so a shard counts anew exactly where it may hold something else.
"""

import contextlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.cache.record import KEY_PREFIX, OUTPUTS, RECORD
from pipeline.cache.trash import MEASURED
from pipeline.files import write_at_once

BLOCK = 4096  # bytes that the smallest file or folder takes on most file systems
SETTLED_NS = 2_000_000_000  # a folder that changed in the last two seconds may change again within the clock's step
DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Entry:
    key: str
    folder: Path
    size: int  # bytes on the disk, in blocks, counting what it shares with jobs
    shared: int  # the part of it that is hard-linked to elsewhere, so that removing the entry alone frees nothing
    used: float  # seconds since the epoch; 0 where the clock can't have said so


def entries(root: Path) -> Iterator[Entry]:
    """Every entry, in no order; those that go away meanwhile may be missing."""
    for shard in _shards(root):
        yield from _entries_in(shard)


def estimate(root: Path) -> int:
    """Bytes that the store holds. Costs one look at each shard, and one at each entry of those that have changed."""
    known, now = _remembered(root / MEASURED), time.time_ns()
    total, settled = 0, {}
    for shard in _shards(root):
        with contextlib.suppress(FileNotFoundError):
            stamp = shard.stat().st_mtime_ns  # before the look into it: what comes later gives it a later one
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
    used = record.st_mtime if record else 0.0  # without a record it is of no use to anybody
    size = BLOCK + (_blocks(record.st_size) if record else 0)
    outputs = _statuses(os.path.join(folder, OUTPUTS)) if OUTPUTS in files else {}
    size += sum(_blocks(status.st_size) for status in outputs.values()) + (BLOCK if outputs else 0)
    shared = sum(_blocks(status.st_size) for status in outputs.values() if status.st_nlink > 1)
    # Where the clock was ahead for a while, what was used then would otherwise stay for as long.
    believable = used <= time.time() + DAY_SECONDS
    return Entry(KEY_PREFIX + name, Path(folder), size, shared, used if believable else 0.0)


def _statuses(folder: str) -> dict[str, os.stat_result]:
    with os.scandir(folder) as found:
        return {each.name: os.lstat(each.path) for each in found}


def _blocks(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


def _remembered(file: Path) -> Mapping[str, Any]:
    try:
        known = json.loads(file.read_bytes())
    except (OSError, ValueError):  # none, or one that a crash has torn
        return {}
    return known if isinstance(known, dict) else {}


def _known_size(entry: Any, stamp: int) -> int | None:
    match entry:
        case [int(at), int(size)] if at == stamp:
            return size
    return None


def _remember(root: Path, settled: Mapping[str, list[int]]) -> None:
    """Not flushed to the disk: what a crash makes of it is measured again."""
    with contextlib.suppress(OSError):  # a full or read-only disk; the next one to ask measures again
        write_at_once(root / MEASURED, json.dumps(settled).encode("ascii"))
