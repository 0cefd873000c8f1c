"""A file under a second name: as a link that can't be written to, else as a copy."""

from pathlib import Path

from pipeline.cluster.content.errors import NoRoom, is_full
from pipeline.digests import content_digest, sha256_of_file
from pipeline.files import copy, link_read_only, reflink


def bring(source: Path, target: Path) -> None:
    """Raises ``NoRoom`` where the disk is full, and ``OSError``."""
    if link_read_only(source, target):
        return
    try:
        if not reflink(source, target):
            copy(source, target)
    except OSError as error:
        if is_full(error):
            raise NoRoom(f"the disk of {target} is full", "make room there") from error
        raise


def digest_of(file: Path, digest: str) -> str:
    """The file's digest in the form of ``digest``; where that is empty, its BLAKE3. Raises ``OSError``."""
    return sha256_of_file(file) if digest.startswith("sha256:") else content_digest(file)
