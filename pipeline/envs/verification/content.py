"""Is every file of an environment what was installed? Each is read and compared with its ``RECORD``, or with the list
that was made at the build, which has digests of what no ``RECORD`` vouches for, too (bytecode, the ``RECORD``s
themselves).

What it can't see: the interpreter's own standard library, and what was wrong before the list was made.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from pathlib import Path

from pipeline.envs import package_records
from pipeline.envs.package_records import UNREADABLE, package_of
from pipeline.envs.verification.comparison import Compared, DamagedFile, Expected, compare, reason
from pipeline.envs.verification.file_digests import FAST

Otherwise = Mapping[str, str | None]  # digests by file, in place of RECORD's; None for what a publisher left out


def damaged(
    site_packages: Path, otherwise: Otherwise | None = None, listed: Iterable[Expected] = ()
) -> list[DamagedFile]:
    """The files that are missing or differ, in the order of packages and files.

    ``otherwise`` is for packages whose publisher got RECORD wrong. ``listed``: what isn't asked of any ``RECORD``.
    """
    entries = list(listed)
    recorded, found = _recorded_in(sorted(site_packages.glob("*.dist-info")), {each.file for each in entries})
    return _sorted([*found, *compare(site_packages, [*_corrected(recorded, otherwise or {}), *entries]).damaged])


def read_all(site_packages: Path) -> Compared:
    """All files of which a ``RECORD`` has a digest, each with the list's digest of the same bytes."""
    return _read(site_packages, sorted(site_packages.glob("*.dist-info")), {})


def read_packages(site_packages: Path, packages: Iterable[str], otherwise: Otherwise) -> Compared:
    """As ``read_all``, of these packages alone."""
    wanted = set(packages)
    folders = [folder for folder in sorted(site_packages.glob("*.dist-info")) if package_of(folder.name) in wanted]
    return _read(site_packages, folders, otherwise)


def recorded(folder: Path, known: Container[str] = ()) -> Iterator[Expected]:
    """What the ``RECORD`` in a folder of metadata vouches for, without what is known. Raises one of ``UNREADABLE``."""
    package = package_of(folder.name)
    for name, digest, size in package_records.rows(folder / "RECORD"):
        if name not in known and package_records.is_digest(digest) and not name.endswith(".pyc"):
            yield Expected(package, name, digest, int(size) if size else None)


def _read(site_packages: Path, folders: Iterable[Path], otherwise: Otherwise) -> Compared:
    entries, found = _recorded_in(folders)
    compared = compare(site_packages, _corrected(entries, otherwise), also=FAST)
    return Compared(tuple(_sorted([*found, *compared.damaged])), compared.contents)


def _recorded_in(folders: Iterable[Path], known: Container[str] = ()) -> tuple[list[Expected], list[DamagedFile]]:
    entries: list[Expected] = []
    found: list[DamagedFile] = []
    for folder in folders:
        try:
            entries += recorded(folder, known)
        except UNREADABLE as error:
            file = f"{folder.name}/RECORD"
            found.append(DamagedFile(package_of(folder.name), file, f"can't be read: {reason(error)}"))
    return entries, found


def _corrected(entries: Iterable[Expected], otherwise: Otherwise) -> Iterator[Expected]:
    for entry in entries:
        if entry.file not in otherwise:
            yield entry
        elif digest := otherwise[entry.file]:
            yield Expected(entry.package, entry.file, digest, None)


def _sorted(found: Iterable[DamagedFile]) -> list[DamagedFile]:
    return sorted(found, key=lambda each: (each.package, each.file))
