"""Comparing files with what they should be: each is read once, several at a time."""

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
    problem: str  # the rest of a sentence that begins with the file
    digest: str | None = None  # of its content now, as RECORD would write it

    def __str__(self) -> str:
        file = self.file.rpartition("../")[2]  # as a person looks for it in the environment's folder
        return f"{self.package}: {file} {self.problem}" if self.package else f"{file} {self.problem}"


@dataclass(frozen=True)
class ExpectedFile:
    """A file that must be there, and its content."""

    package: str
    file: str
    digest: str  # ALGORITHM=URL-safe base64 without padding
    size: int | None  # bytes; None where it isn't known


@dataclass(frozen=True)
class Comparison:
    damaged: tuple[DamagedFile, ...]  # missing or different, in the order of packages and files
    contents: Mapping[str, Content]  # by file, of all files that could be read


def compare(site_packages: Path, entries: Iterable[ExpectedFile], extra_algorithm: str = "") -> Comparison:
    """Read and compare files. Raises nothing: a file that can't be read is a damaged one.

    ``extra_algorithm``: take this digest of each file, too, beside the one by which it is compared.
    """
    from concurrent.futures import ThreadPoolExecutor

    by_size = deque(sorted(entries, key=lambda entry: -(entry.size or 0)))
    # One thread takes the small files: several threads with small files would mostly wait for the interpreter's lock.
    takes = [by_size.pop, *[by_size.popleft] * (THREADS - 1)]
    contents: dict[str, Content] = {}
    damaged: list[DamagedFile] = []
    with ThreadPoolExecutor(THREADS) as threads:
        work = threads.map(lambda take: list(_read(site_packages, take, extra_algorithm)), takes)
        for entry, result in (pair for pairs in work for pair in pairs):
            if isinstance(result, Content):
                contents[entry.file] = result
            if difference := _difference(entry, result):
                damaged.append(difference)
    return Comparison(tuple(sorted(damaged, key=lambda each: (each.package, each.file))), contents)


def reason(error: Exception) -> str:
    """An error's own words, without a file's name."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _read(
    site_packages: Path, take: Callable[[], ExpectedFile], extra_algorithm: str
) -> Iterator[tuple[ExpectedFile, Content | OSError]]:
    reader = Reader()
    for entry in _until_empty(take):
        algorithms = {algorithm_of(entry.digest), extra_algorithm} - {""}
        try:
            yield entry, reader.read(os.path.join(site_packages, entry.file), algorithms)
        except OSError as error:
            yield entry, error


def _until_empty(take: Callable[[], ExpectedFile]) -> Iterator[ExpectedFile]:
    with contextlib.suppress(IndexError):
        while True:
            yield take()


def _difference(entry: ExpectedFile, result: Content | OSError) -> DamagedFile | None:
    if isinstance(result, FileNotFoundError):
        return DamagedFile(entry.package, entry.file, "is missing")
    if isinstance(result, OSError):
        return DamagedFile(entry.package, entry.file, f"can't be read: {reason(result)}")
    digest = result.digests[algorithm_of(entry.digest)]
    if digest == entry.digest:
        return None
    wrong_size = entry.size is not None and result.size != entry.size
    problem = f"has {result.size} bytes instead of {entry.size}" if wrong_size else "has other content"
    return DamagedFile(entry.package, entry.file, problem, digest)
