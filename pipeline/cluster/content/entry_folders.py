"""The folders of a node's store: ``blake3/AB/HEX/`` with the file ``content``, and ``parts/`` for what is coming."""

import contextlib
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from pipeline.cluster.content.content_eviction import StoredContent
from pipeline.cluster.content.content_name import parts_of
from pipeline.cluster.content.partial import FILE

ALGORITHMS = ("blake3", "sha256")
PARTS = "parts"


@lru_cache(maxsize=4096)
def folder_of(root: Path, digest: str) -> Path:
    """Raises ``ValueError`` for what is no digest of a file."""
    algorithm, digits = parts_of(digest)
    return root / algorithm / digits[:2] / digits


def part_of(root: Path, digest: str) -> Path:
    """Where its first bytes are. Raises ``ValueError``."""
    return root / PARTS / "-".join(parts_of(digest))


def entries(root: Path) -> Iterator[StoredContent]:
    """All contents; one that is damaged at first sight may be missing."""
    for algorithm in ALGORITHMS:
        for folder in (root / algorithm).glob("??/*"):
            with contextlib.suppress(OSError):
                size, mtime_ns = state_of(folder)
                used = min(folder.stat().st_mtime, time.time())  # a clock may have been ahead
                yield StoredContent(f"{algorithm}:{folder.name}", size, used, mtime_ns)


def state_of(folder: Path) -> tuple[int, int]:
    """Size and time of a content's file. Raises ``OSError``."""
    status = (folder / FILE).stat()
    return status.st_size, status.st_mtime_ns


def size_of(part: Path) -> int:
    """Bytes that have come; 0 where there is no such part."""
    try:
        return (part / FILE).stat().st_size
    except OSError:
        return 0
