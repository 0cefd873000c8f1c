"""Is every file of an environment what was installed? Each is read and compared with its ``RECORD``, or with the
list that was made at the build where no ``RECORD`` has its digest (bytecode, and the ``RECORD``s themselves).

What it can't see: the interpreter's own standard library, and what was wrong before the list was made.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.envs import records
from pipeline.envs.records import UNREADABLE, package_of

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


def damaged(
    site_packages: Path, otherwise: Mapping[str, str | None] | None = None, further: Iterable[Expected] = ()
) -> list[DamagedFile]:
    """The files that are missing or differ, in the order of packages and files.

    ``otherwise``: digests by file, in place of RECORD's, for packages whose publisher got that wrong; ``None`` for
    a file that the publisher left out. ``further``: files that are in no ``RECORD``.
    """
    entries, found = _recorded_in(sorted(site_packages.glob("*.dist-info")))
    return _sorted(found + _differing(site_packages, [*entries, *further], otherwise or {}))


def damaged_of(site_packages: Path, packages: Iterable[str], otherwise: Mapping[str, str | None]) -> list[DamagedFile]:
    """As ``damaged``, of these packages alone."""
    wanted = set(packages)
    folders = [folder for folder in sorted(site_packages.glob("*.dist-info")) if package_of(folder.name) in wanted]
    entries, found = _recorded_in(folders)
    return _sorted(found + _differing(site_packages, entries, otherwise))


def _recorded_in(folders: Iterable[Path]) -> tuple[list[Expected], list[DamagedFile]]:
    entries: list[Expected] = []
    found: list[DamagedFile] = []
    for folder in folders:
        try:
            entries += _recorded(folder)
        except UNREADABLE as error:
            file = f"{folder.name}/RECORD"
            found.append(DamagedFile(package_of(folder.name), file, f"can't be read: {_reason(error)}"))
    return entries, found


def _recorded(folder: Path) -> Iterator[Expected]:
    for name, digest, size in records.rows(folder / "RECORD"):
        if records.is_digest(digest) and not name.endswith(".pyc"):
            yield Expected(package_of(folder.name), name, digest, int(size) if size else None)


def _differing(site_packages: Path, entries: list[Expected], otherwise: Mapping[str, str | None]) -> list[DamagedFile]:
    expected = [_corrected(each, otherwise[each.file]) if each.file in otherwise else each for each in entries]
    return _compare_all(site_packages, [entry for entry in expected if entry.digest])


def _sorted(found: list[DamagedFile]) -> list[DamagedFile]:
    return sorted(found, key=lambda each: (each.package, each.file))


def _corrected(entry: Expected, digest: str | None) -> Expected:
    return Expected(entry.package, entry.file, digest or "", None)


def _compare_all(site_packages: Path, entries: list[Expected]) -> list[DamagedFile]:
    from concurrent.futures import ThreadPoolExecutor

    # Dealt out by size, so that no thread is left with all that is large.
    by_size = sorted(entries, key=lambda entry: -(entry.size or 0))
    hands = [by_size[start :: THREADS * 4] for start in range(THREADS * 4)]
    with ThreadPoolExecutor(THREADS) as threads:
        return [
            each for found in threads.map(lambda hand: list(_compare(site_packages, hand)), hands) for each in found
        ]


def _compare(site_packages: Path, entries: Iterable[Expected]) -> Iterator[DamagedFile]:
    for entry in entries:
        algorithm = entry.digest.partition("=")[0]
        try:
            with open(os.path.join(site_packages, entry.file), "rb", buffering=0) as file:
                size = os.fstat(file.fileno()).st_size
                digest = records.digest_of_open(file, algorithm)
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


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
