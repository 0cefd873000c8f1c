"""A tar file that isn't trusted: no size in it is believed before it is compared with the file."""

import contextlib
import io
import shlex
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from pipeline.errors import InputError
from pipeline.text import printable

LARGEST_READ = 64 << 20  # bytes that are read at once; a header that claims more isn't one of ours
AGAIN = "copy the file again"
OTHER = "name a file that 'pipeline env bundle' or 'pipeline package make' made, and that nobody has changed since"


class _BoundedFile(io.BufferedReader):
    """A file of which no one reads more than fits into memory, whatever a header claims."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or not 0 <= size <= LARGEST_READ:
            raise tarfile.ReadError(f"a header claims {size} bytes")
        return super().read(size)


@contextlib.contextmanager
def opened(file: Path) -> Iterator[tarfile.TarFile]:
    """An uncompressed tar: a small bundle can't become a large folder.

    Raises ``InputError`` for a file that can't be read, and for what tarfile makes nothing of while it is read.
    """
    try:
        with _BoundedFile(io.FileIO(file)) as content, tarfile.open(fileobj=content, mode="r:") as archive:
            yield archive
    except tarfile.TarError as error:
        raise InputError(f"{file} isn't a whole archive: {error}", AGAIN) from error
    except OSError as error:
        if error.filename is not None and str(error.filename) != str(file):
            raise
        raise InputError(f"{file} can't be read: {error.strerror or error}", _look_at(file)) from error


def _look_at(file: Path) -> str:
    folder = shlex.quote(printable(str(file.parent)))
    return f"name a file that is there and that you may read; this shows what there is\nls -l {folder}"


def members(archive: tarfile.TarFile, file: Path) -> Iterator[tarfile.TarInfo]:
    """All members. Raises ``InputError`` for one that doesn't end within the file, and for what follows the last."""
    size, end = file.stat().st_size, 0
    while member := archive.next():
        end = member.offset_data + _rounded(member.size, tarfile.BLOCKSIZE)
        if member.size < 0 or end > size:
            raise InputError(f"{file} isn't a whole archive: {printable(member.name)} goes beyond its end", AGAIN)
        yield member
    _require_end(file, end, size)


def content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    """A plain file's content."""
    source = archive.extractfile(member)
    assert source is not None, member.name
    return source


def _require_end(file: Path, end: int, size: int) -> None:
    """After the last member there are zeros, up to a whole record, and nothing else."""
    whole = _rounded(end + 2 * tarfile.BLOCKSIZE, tarfile.RECORDSIZE)
    if size > whole:
        raise InputError(f"{file} is refused: {size - whole} bytes follow its end", AGAIN)
    with file.open("rb") as opened_again:
        opened_again.seek(end)
        rest = opened_again.read(whole - end)
    if len(rest) < whole - end:
        raise InputError(f"{file} isn't a whole archive: its end is missing", AGAIN)
    if any(rest):
        raise InputError(f"{file} is refused: its end holds something else than zeros", AGAIN)


def _rounded(size: int, unit: int) -> int:
    return -(-size // unit) * unit
