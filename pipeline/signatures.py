"""Whether a file is still what it was, by what its file system says of it, without reading it.

The change time can't be set, so that a file whose bytes changed has another one, even where its size and time are as
they were. But a file system's clock goes in ticks: what was changed within the tick in which the signature was taken
may have the same signature. Such a signature isn't trusted (git calls a file like that "racily clean").
"""

import os
import time
from pathlib import Path

from pipeline.values import Struct

TICK = 20_000_000  # ns; a kernel's clock has at least 100 ticks a second
COARSE_TICK = 2_000_000_000  # ns; of file systems that keep whole seconds, or two of them


class Signature(Struct, frozen=True, array_like=True):
    """Differs from an earlier one where the file was written, replaced or renamed, linked, or given another mode.

    That of a directory is made of those of all that is in it (``directories/scan.py``): the sum of the sizes, and the
    latest times.
    """

    inode: int
    size: int  # bytes
    mtime_ns: int
    ctime_ns: int
    contents: str = ""  # of a directory: a digest over the names, sizes and times of all that is in it

    def is_settled(self, at_ns: int) -> bool:
        """Whether a change after the moment ``at_ns``, at which it was taken, is sure to give another signature."""
        return at_ns - self.ctime_ns > self.tick

    @property
    def tick(self) -> int:
        return TICK if self.ctime_ns % 1_000_000_000 else COARSE_TICK


def signature_of(path: Path) -> Signature:
    """That of the file which a link leads to. Raises ``OSError``."""
    return signature_in(os.stat(path))


def signature_in(status: os.stat_result) -> Signature:
    """That of a file, from what the system says of it."""
    return Signature(status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def settled_signature_of(path: Path) -> Signature:
    """Waits, for two seconds at most, until no later change can have this signature. Raises ``OSError``."""
    while True:
        found, at = signature_of(path), time.time_ns()
        left = found.ctime_ns + found.tick - at
        if left < 0 or left > COARSE_TICK:  # of a clock that isn't ours
            return found
        time.sleep((left + 1_000_000) / 1e9)
