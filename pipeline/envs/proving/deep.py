"""Is every file of an environment's packages what was installed? Each is read and compared with its ``RECORD``.

What it can't see: bytecode, which no ``RECORD`` lists; files that belong to no package; the interpreter's own
standard library; and a ``RECORD`` that was itself changed, which ``health.damage`` sees.
https://packaging.python.org/en/latest/specifications/recording-installed-packages/
"""

import base64
import csv
import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

THREADS = min(4, os.cpu_count() or 1)  # hashing lets other threads run; more of them only wait for the disk


@dataclass(frozen=True)
class DamagedFile:
    package: str
    file: str  # relative to site-packages, as in RECORD
    how: str
    digest: str | None = None  # of what is there now, as RECORD would write it

    def __str__(self) -> str:
        return f"{self.package}: {self.file} {self.how}"


@dataclass(frozen=True)
class _Entry:
    package: str
    file: str
    digest: str  # ALGORITHM=URL-safe base64 without padding
    size: int | None


def damaged(site_packages: Path, otherwise: Mapping[str, str | None] | None = None) -> list[DamagedFile]:
    """The files that are missing or differ, in the order of packages and files.

    ``otherwise``: digests by file, in place of RECORD's, for packages whose publisher got that wrong; ``None`` for
    a file that the publisher left out.
    """
    entries: list[_Entry] = []
    found: list[DamagedFile] = []
    for folder in sorted(site_packages.glob("*.dist-info")):
        try:
            entries += _recorded(folder)
        except (OSError, ValueError, csv.Error) as error:
            found.append(DamagedFile(_package(folder), f"{folder.name}/RECORD", f"can't be read: {_reason(error)}"))
    known = otherwise or {}
    expected = [_corrected(entry, known[entry.file]) if entry.file in known else entry for entry in entries]
    found += _compare_all(site_packages, [entry for entry in expected if entry.digest])
    return sorted(found, key=lambda each: (each.package, each.file))


def _package(folder: Path) -> str:
    return folder.name.split("-")[0].lower().replace("_", "-")


def _recorded(folder: Path) -> Iterator[_Entry]:
    with open(folder / "RECORD", encoding="utf-8", newline="") as file:
        for row in csv.reader(file):
            name, digest, size = row if len(row) == 3 else ("", "", "")
            algorithm = digest.partition("=")[0]
            if algorithm in hashlib.algorithms_guaranteed and not name.endswith(".pyc"):
                yield _Entry(_package(folder), name, digest, int(size) if size else None)


def _corrected(entry: _Entry, digest: str | None) -> _Entry:
    return _Entry(entry.package, entry.file, digest or "", None)


def _compare_all(site_packages: Path, entries: list[_Entry]) -> list[DamagedFile]:
    from concurrent.futures import ThreadPoolExecutor

    # Dealt out by size, so that no thread is left with all that is large.
    by_size = sorted(entries, key=lambda entry: -(entry.size or 0))
    hands = [by_size[start :: THREADS * 4] for start in range(THREADS * 4)]
    with ThreadPoolExecutor(THREADS) as threads:
        return [
            each for found in threads.map(lambda hand: list(_compare(site_packages, hand)), hands) for each in found
        ]


def _compare(site_packages: Path, entries: Iterable[_Entry]) -> Iterator[DamagedFile]:
    for entry in entries:
        algorithm = entry.digest.partition("=")[0]
        try:
            with open(os.path.join(site_packages, entry.file), "rb", buffering=0) as file:
                size = os.fstat(file.fileno()).st_size
                digest = f"{algorithm}={_encoded(hashlib.file_digest(file, algorithm).digest())}"
        except FileNotFoundError:
            yield DamagedFile(entry.package, entry.file, "is missing")
            continue
        except OSError as error:
            yield DamagedFile(entry.package, entry.file, f"can't be read: {_reason(error)}")
            continue
        if digest != entry.digest:
            wrong_size = entry.size is not None and size != entry.size
            how = f"has {size} bytes instead of {entry.size}" if wrong_size else "has other content"
            yield DamagedFile(entry.package, entry.file, how, digest)


def _encoded(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
