"""A file that is sent: as many bytes as were announced, also where somebody writes to it meanwhile."""

import io
from pathlib import Path

from pipeline.cluster.content.errors import ContentDamaged


class SentFile(io.FileIO):
    def __init__(self, path: Path, size: int) -> None:
        """Raises ``OSError``."""
        super().__init__(path)
        self._path = path
        self._size = size

    def read(self, size: int | None = -1, /) -> bytes:
        """Raises ``ContentDamaged`` where it has become shorter: the other side would wait for the rest."""
        left = self._size - self.tell()
        data = super().read(left if size is None or size < 0 else min(size, left)) or b""
        if left and size != 0 and not data:
            raise ContentDamaged(f"{self._path} has become shorter while it was sent")
        return data
