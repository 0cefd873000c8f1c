"""Files beside what they should be: each is read once, several at a time."""

import contextlib
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.envs.verification.file_digests import Content, Reader, algorithm_of

THREADS = min(4, os.cpu_count() or 1)  # hashing lets other threads run; more of them only wait for the disk


@dataclass(frozen=True)
class DamagedFile:
    package: str  # empty where it belongs to none
    file: str  # relative to site-packages, as in RECORD
    how: str
    digest: str | None = None  # of what is there now, as RECORD would write it

    def __str__(self) -> str:
        file = self.file.rpartition("../")[2]  # as a person looks for it in the environment's folder
        return f"{self.package}: {file} {self.how}" if self.package else f"{file} {self.how}"


@dataclass(frozen=True)
class Expected:
    """A file that must be there."""

    package: str
    file: str
    digest: str  # ALGORITHM=URL-safe base64 without padding
    size: int | None


@dataclass(frozen=True)
class Compared:
    damaged: tuple[DamagedFile, ...]  # missing or different, in the order of packages and files
    contents: Mapping[str, Content]  # by file, of all that could be read


def compare(site_packages: Path, entries: Iterable[Expected], also: str = "") -> Compared:
    """``also``: an algorithm whose digest is wanted of each file, beside the one that it is compared by."""
    from concurrent.futures import ThreadPoolExecutor

    by_size = deque(sorted(entries, key=lambda entry: -(entry.size or 0)))
    # One thread takes the small ones, since those of several would mostly wait for each other's bit of Python.
    takes = [by_size.pop, *[by_size.popleft] * (THREADS - 1)]
    contents: dict[str, Content] = {}
    damaged: list[DamagedFile] = []
    with ThreadPoolExecutor(THREADS) as threads:
        work = threads.map(lambda take: list(_read(site_packages, take, also)), takes)
        for entry, found in (pair for pairs in work for pair in pairs):
            if isinstance(found, Content):
                contents[entry.file] = found
            if difference := _difference(entry, found):
                damaged.append(difference)
    return Compared(tuple(sorted(damaged, key=lambda each: (each.package, each.file))), contents)


def reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _read(site_packages: Path, take: Callable[[], Expected], also: str) -> Iterator[tuple[Expected, Content | OSError]]:
    reader = Reader()
    for entry in _until_empty(take):
        wanted = {algorithm_of(entry.digest), also} - {""}
        try:
            yield entry, reader.read(os.path.join(site_packages, entry.file), wanted)
        except OSError as error:
            yield entry, error


def _until_empty(take: Callable[[], Expected]) -> Iterator[Expected]:
    with contextlib.suppress(IndexError):
        while True:
            yield take()


def _difference(entry: Expected, found: Content | OSError) -> DamagedFile | None:
    if isinstance(found, FileNotFoundError):
        return DamagedFile(entry.package, entry.file, "is missing")
    if isinstance(found, OSError):
        return DamagedFile(entry.package, entry.file, f"can't be read: {reason(found)}")
    digest = found.digests[algorithm_of(entry.digest)]
    if digest == entry.digest:
        return None
    wrong_size = entry.size is not None and found.size != entry.size
    how = f"has {found.size} bytes instead of {entry.size}" if wrong_size else "has other content"
    return DamagedFile(entry.package, entry.file, how, digest)
