"""A content that is on its way: what has come of it is on the disk, and the rest can come later."""

import os
from pathlib import Path
from types import TracebackType
from typing import Self

from pipeline.cluster.content.content_name import digest_by, hasher
from pipeline.cluster.content.errors import ContentDamaged, NoRoom, is_full
from pipeline.files import COPIED_BYTES, sync_folder

FILE = "content"


class PartialContent:
    """A folder with the first bytes of a content. Opening it reads what is there, for the digest."""

    def __init__(self, folder: Path, digest: str, size: int) -> None:
        """``size``: of the whole content, in bytes. Raises ``OSError``."""
        self.digest = digest
        self.size = size
        self._folder = folder
        self._hasher = hasher(digest)
        folder.mkdir(parents=True, exist_ok=True)
        self._file = open(folder / FILE, "a+b", buffering=0)  # noqa: SIM115  # closed by ``__exit__``
        self.offset = self._read_before()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._file.close()

    @property
    def is_whole(self) -> bool:
        return self.offset == self.size

    def write(self, data: bytes) -> None:
        """The next bytes. Raises ``ContentDamaged`` where they are more than there can be, and ``NoRoom``."""
        if self.offset + len(data) > self.size:
            raise ContentDamaged(f"more than {self.size} bytes came of {self.digest}")
        left = memoryview(data)
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            self._file.truncate(self.offset)
            if is_full(error):
                raise NoRoom(f"the disk of {self._folder} is full", "make room there") from error
            raise
        self._hasher.update(data)
        self.offset += len(data)

    def finish(self) -> None:
        """All is there: compare it, and wait until it is on the disk. Raises ``ContentDamaged``."""
        came = digest_by(self._hasher, self.digest)
        if not self.is_whole or came != self.digest:
            raise ContentDamaged(f"{self.offset} bytes with the digest {came} came for {self.digest}")
        os.fsync(self._file.fileno())
        sync_folder(self._folder)

    def _read_before(self) -> int:
        self._file.seek(0)
        offset = 0
        while data := self._file.read(COPIED_BYTES):
            self._hasher.update(data)
            offset += len(data)
        if offset <= self.size:
            return offset
        self._file.truncate(0)  # of no use: another size was told then
        self._hasher = hasher(self.digest)
        return 0
