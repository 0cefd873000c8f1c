"""Files, read once: all digests that are wanted of one are taken of the same bytes.

SHA-256 is what a ``RECORD`` has, and holds a file against what was published. BLAKE3, several times as fast, holds it
against what stood there at the build. Files aren't mapped into memory: one that is cut off meanwhile, or a bad place
on the disk, must end in an error and not in a signal.
"""

import base64
import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

FAST = "blake3"
BUFFER = 1 << 20  # bytes, which stay in a core's own cache while each digest takes them


@dataclass(frozen=True)
class Content:
    """What was read of a file, and what it looked like then."""

    size: int
    mtime_ns: int
    digests: Mapping[str, str]  # by algorithm, each as a RECORD writes it


class Reader:
    """For one thread: its buffer serves for all files."""

    def __init__(self) -> None:
        self._buffer = memoryview(bytearray(BUFFER))

    def read(self, path: str, algorithms: Iterable[str]) -> Content:
        """Each algorithm once. Raises ``OSError``."""
        hashers = {algorithm: hasher(algorithm) for algorithm in algorithms}
        with open(path, "rb", buffering=0) as file:
            status = os.fstat(file.fileno())
            while size := file.readinto(self._buffer):
                for each in hashers.values():
                    each.update(self._buffer[:size])
        digests = {name: written(name, each.digest()) for name, each in hashers.items()}
        return Content(status.st_size, status.st_mtime_ns, digests)


def hasher(algorithm: str) -> Any:
    if algorithm == FAST:
        from blake3 import blake3

        return blake3()
    return hashlib.new(algorithm)


def written(algorithm: str, digest: bytes) -> str:
    """ALGORITHM=URL-safe base64 without padding."""
    return f"{algorithm}={base64.urlsafe_b64encode(digest).rstrip(b'=').decode('ascii')}"


def digest_of(algorithm: str, data: bytes) -> str:
    taken = hasher(algorithm)
    taken.update(data)
    return written(algorithm, taken.digest())


def algorithm_of(digest: str) -> str:
    return digest.partition("=")[0]
