"""Who makes which result: so that of two runs that need the same one, in different jobs, only one makes it.

A claim is the lock of one byte, at the place that the key gives, in a file that stays empty: it costs a call of the
system and ends with its process. It only saves work. Where the disk has no locks, or the file can't be written, all
claims are granted.
"""

import os
from pathlib import Path

from pipeline.locks import byte_holder, give_back_byte, take_byte

DIGITS = 15  # of a key, which is a place below 2^60; where two keys have one, a run waits for nothing


class Claims:
    """This process's, in one file; claims of the same process never exclude one another."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._descriptor: int | None = None
        self._is_usable = True

    def take(self, key: str) -> bool:
        """Whether no other process makes this result now. Then none begins to, until it is given back."""
        descriptor = self._opened()
        return descriptor is None or take_byte(descriptor, _place(key))

    def maker(self, key: str) -> int | None:
        """The number of the process that makes this result now; ``None`` where none does, or the system doesn't say."""
        return None if self._descriptor is None else byte_holder(self._descriptor, _place(key))

    def give_back(self, key: str) -> None:
        if self._descriptor is not None:
            give_back_byte(self._descriptor, _place(key))

    def close(self) -> None:
        """Give all back."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _opened(self) -> int | None:
        if self._descriptor is None and self._is_usable:
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                self._descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            except OSError:
                self._is_usable = False
        return self._descriptor


def _place(key: str) -> int:
    return int(key.rpartition(":")[2][:DIGITS], 16)
