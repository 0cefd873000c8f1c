"""Files with their digests."""

import os
from pathlib import Path

from pipeline.digests import content_digest


def file_with(path: Path, data: bytes) -> tuple[Path, str]:
    path.write_bytes(data)
    return path, content_digest(path)


def damage_quietly(file: Path) -> None:
    """As a disk does: size and time stay as they were."""
    before = file.stat()
    file.chmod(0o644)
    with open(file, "r+b") as damaged:
        damaged.write(bytes([file.read_bytes()[0] ^ 1]))
    file.chmod(before.st_mode)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
