"""Files with their digests."""

from pathlib import Path

from pipeline.digests import content_digest


def file_with(path: Path, data: bytes) -> tuple[Path, str]:
    path.write_bytes(data)
    return path, content_digest(path)
