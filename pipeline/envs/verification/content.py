"""Is every file of an environment what was installed? Each is read and compared.

It is compared with its package's ``RECORD``, or with the list that was made at the build (``manifest.py``), which also
has digests of files that no ``RECORD`` has one of: bytecode, and the ``RECORD``s themselves.

What this can't see: damage in the interpreter's own standard library, and damage from before the list was made.
"""

import contextlib
import os
from collections.abc import Container, Iterable, Iterator, Mapping
from pathlib import Path

from pipeline.envs import package_records
from pipeline.envs.package_records import UNREADABLE, package_of
from pipeline.envs.verification import shared_files
from pipeline.envs.verification.comparison import Comparison, DamagedFile, ExpectedFile, compare, reason
from pipeline.envs.verification.file_digests import FAST, Reader
from pipeline.envs.verification.required_python import name_of
from pipeline.envs.verification.shared_files import SharedFile
from pipeline.files import ignores_case

RECORDED = "sha256"  # which installers write

# Digests by file, where a publisher's RECORD is wrong; None for a file that it lists and that was never delivered.
Corrections = Mapping[str, str | None]


def damaged(
    site_packages: Path, corrections: Corrections | None = None, listed: Iterable[ExpectedFile] = ()
) -> list[DamagedFile]:
    """The files that are missing or differ, in the order of packages and files.

    Files in ``listed`` are compared with that, all others with the ``RECORD``s.
    """
    entries = list(listed)
    recorded, unreadable = _recorded_in(sorted(site_packages.glob("*.dist-info")), {each.file for each in entries})
    compared = compare(site_packages, [*_corrected(recorded, corrections or {}), *entries])
    return _sorted([*unreadable, *compared.damaged])


def read_all(site_packages: Path, corrections: Corrections | None = None) -> Comparison:
    """Compare all files of which a ``RECORD`` has a digest, and take the list's digest of the same bytes."""
    return _read(site_packages, sorted(site_packages.glob("*.dist-info")), corrections or {})


def read_packages(site_packages: Path, packages: Iterable[str], corrections: Corrections) -> Comparison:
    """As ``read_all``, for these packages alone."""
    names = set(packages)
    folders = [folder for folder in sorted(site_packages.glob("*.dist-info")) if package_of(folder.name) in names]
    return _read(site_packages, folders, corrections)


def by_package(site_packages: Path) -> dict[str, dict[str, str]]:
    """Each package's files and their digests, by its canonical name; none of one whose ``RECORD`` can't be read.

    Where a ``RECORD`` has no digest of a file, it is ``shared_files.UNKNOWN``.
    """
    found: dict[str, dict[str, str]] = {}
    for folder in sorted(site_packages.glob("*.dist-info")):
        with contextlib.suppress(*UNREADABLE):
            found[name_of(folder.name)] = {
                name: digest if package_records.is_digest(digest) else shared_files.UNKNOWN
                for name, digest, _ in package_records.rows(folder / "RECORD")
                if not name.endswith(".pyc")
            }
    return found


def digest_of(file: Path) -> str:
    """As a ``RECORD`` has it. Raises ``OSError``."""
    return Reader().read(os.fspath(file), (RECORDED,)).digests[RECORDED]


def shared(site_packages: Path) -> tuple[SharedFile, ...]:
    """The files that several of an environment's packages install with different content."""
    return shared_files.shared_files(by_package(site_packages), ignores_case(site_packages))


def recorded(folder: Path, leave_out: Container[str] = ()) -> Iterator[ExpectedFile]:
    """The files of which the ``RECORD`` in a folder of metadata has a digest. Raises one of ``UNREADABLE``.

    Bytecode is left out: an installer makes it again.
    """
    package = package_of(folder.name)
    for name, digest, size in package_records.rows(folder / "RECORD"):
        if name not in leave_out and package_records.is_digest(digest) and not name.endswith(".pyc"):
            yield ExpectedFile(package, name, digest, int(size) if size else None)


def _read(site_packages: Path, folders: Iterable[Path], corrections: Corrections) -> Comparison:
    entries, unreadable = _recorded_in(folders)
    comparison = compare(site_packages, _corrected(entries, corrections), extra_algorithm=FAST)
    return Comparison(tuple(_sorted([*unreadable, *comparison.damaged])), comparison.contents)


def _recorded_in(
    folders: Iterable[Path], leave_out: Container[str] = ()
) -> tuple[list[ExpectedFile], list[DamagedFile]]:
    """The files in the ``RECORD``s, and the ``RECORD``s that can't be read."""
    entries: list[ExpectedFile] = []
    unreadable: list[DamagedFile] = []
    for folder in folders:
        try:
            entries += recorded(folder, leave_out)
        except UNREADABLE as error:
            file = f"{folder.name}/RECORD"
            unreadable.append(DamagedFile(package_of(folder.name), file, f"can't be read: {reason(error)}"))
    return entries, unreadable


def _corrected(entries: Iterable[ExpectedFile], corrections: Corrections) -> Iterator[ExpectedFile]:
    for entry in entries:
        if entry.file not in corrections:
            yield entry
        elif digest := corrections[entry.file]:
            yield ExpectedFile(entry.package, entry.file, digest, None)


def _sorted(damaged: Iterable[DamagedFile]) -> list[DamagedFile]:
    return sorted(damaged, key=lambda each: (each.package, each.file))
