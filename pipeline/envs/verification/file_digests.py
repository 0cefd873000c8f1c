"""Digests of files. A file is read once, and all its digests are taken of the same bytes.

A ``RECORD`` has SHA-256, which compares a file with what was published. BLAKE3, several times as fast, compares it
with what stood there at the build. Files aren't mapped into memory: a file that is cut off meanwhile, or a bad place
on the disk, must end in an error and not in a signal.
"""

import base64
import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

FAST = "blake3"
BUFFER = 1 << 20  # bytes; they stay in a core's own cache while several digests are taken of them


@dataclass(frozen=True)
class Content:
    """A file's digests, with its size and time when it was read."""

    size: int  # bytes
    mtime_ns: int
    digests: Mapping[str, str]  # by algorithm, each as a RECORD writes it


class Reader:
    """Reads files for one thread, with one buffer for all of them."""

    def __init__(self) -> None:
        self._buffer = memoryview(bytearray(BUFFER))

    def read(self, path: str, algorithms: Iterable[str]) -> Content:
        """Read a file and take these digests of it. Raises ``OSError``."""
        hashers = {algorithm: hasher(algorithm) for algorithm in algorithms}
        with open(path, "rb", buffering=0) as file:
            status = os.fstat(file.fileno())
            while size := file.readinto(self._buffer):
                for each in hashers.values():
                    each.update(self._buffer[:size])
        digests = {name: as_recorded(name, each.digest()) for name, each in hashers.items()}
        return Content(status.st_size, status.st_mtime_ns, digests)


def hasher(algorithm: str) -> Any:
    if algorithm == FAST:
        from blake3 import blake3

        return blake3()
    return hashlib.new(algorithm)


def as_recorded(algorithm: str, digest: bytes) -> str:
    """A digest as a ``RECORD`` has it: ALGORITHM=URL-safe base64 without padding."""
    return f"{algorithm}={base64.urlsafe_b64encode(digest).rstrip(b'=').decode('ascii')}"


def digest_of(algorithm: str, data: bytes) -> str:
    """A digest of bytes, as a ``RECORD`` has it."""
    state = hasher(algorithm)
    state.update(data)
    return as_recorded(algorithm, state.digest())


def algorithm_of(digest: str) -> str:
    """The algorithm of a digest as a ``RECORD`` has it."""
    return digest.partition("=")[0]
