"""What the packages of a build installed: read from their ``RECORD``, no Python started."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.envs import package_records
from pipeline.envs.build import Build
from pipeline.envs.package_records import UNREADABLE


@dataclass(frozen=True)
class File:
    path: str  # relative to site-packages
    digest: str
    size: int


def packages(build: Build) -> Mapping[str, tuple[File, ...]]:
    """The files of each package, by its canonical name; a package whose ``RECORD`` can't be read has none."""
    return {
        _name(folder): tuple(_recorded(folder / "RECORD")) for folder in sorted(build.site_packages.glob("*.dist-info"))
    }


def _name(folder: Path) -> str:
    from packaging.utils import canonicalize_name

    return canonicalize_name(folder.name.removesuffix(".dist-info").rpartition("-")[0])


def _recorded(record: Path) -> Iterator[File]:
    try:
        rows = list(package_records.rows(record))
    except UNREADABLE:
        return
    for path, digest, size in rows:
        yield File(path, digest, int(size) if size.isdecimal() else 0)
