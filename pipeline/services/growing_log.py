"""The lines of a log that grows, also where it is put beside and begun again."""

import contextlib
import os
from pathlib import Path

LAST_BYTES = 1 << 20


class GrowingLog:
    """Reads from the last lines on. A file that isn't there yet has none."""

    def __init__(self, path: Path, lines: int) -> None:
        self._path = path
        self._lines = lines
        self._file: int | None = None
        self._rest = b""

    def new_lines(self) -> list[str]:
        """Those that have come since the last call; at the first call, the last ones."""
        if self._file is None:
            return self._first_lines()
        lines = self._read()
        if self._is_another():
            lines += self._read()  # what came until it was put beside
            self._open()
            lines += self._read()
        return lines

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _first_lines(self) -> list[str]:
        if not self._open():
            return []
        assert self._file is not None
        os.lseek(self._file, max(0, os.fstat(self._file).st_size - LAST_BYTES), os.SEEK_SET)
        lines = self._read()
        return lines[len(lines) - min(self._lines, len(lines)) :]

    def _open(self) -> bool:
        self.close()
        with contextlib.suppress(FileNotFoundError):
            self._file = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        return self._file is not None

    def _read(self) -> list[str]:
        data = self._rest
        while self._file is not None and (chunk := os.read(self._file, 1 << 16)):
            data += chunk
        *lines, self._rest = data.split(b"\n")
        return [line.decode("utf-8", "replace") for line in lines]

    def _is_another(self) -> bool:
        try:
            there = os.stat(self._path)
        except FileNotFoundError:
            return False
        return self._file is not None and not os.path.samestat(os.fstat(self._file), there)
