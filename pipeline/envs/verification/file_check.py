"""Checking all files of a build: by size and time (``quick``), or by every byte (``thorough``).

``quick`` can't see a changed byte in a file whose size and time are the same. Neither sees files that were added to a
``__pycache__``: Python adds some whenever a person uses the environment by hand, and they do no harm.
"""

import os
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.envs import package_records
from pipeline.envs.build import Build
from pipeline.envs.package_records import package_of
from pipeline.envs.verification import content, health, manifest
from pipeline.envs.verification.comparison import DamagedFile, ExpectedFile
from pipeline.envs.verification.manifest import Folders

BYTECODE_FOLDER = "__pycache__"
LEFTOVER_MARKS = ("~", "-")  # begin the names that an interrupted pip leaves: ~umpy for numpy


@dataclass(frozen=True)
class Packages:
    """Differences, by the folders of metadata in site-packages, such as numpy-2.4.6.dist-info."""

    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    leftovers: tuple[str, ...] = ()  # of an interrupted install


@dataclass(frozen=True)
class FileCheck:
    """How the files of a build differ from what was built."""

    packages: Packages
    damaged: tuple[DamagedFile, ...] = ()
    strays: tuple[str, ...] = ()  # files that no package brought, by path from the environment's folder
    is_listed: bool = True  # whether the list of its files is there to compare with
    ownerless: tuple[str, ...] = ()  # damaged files left out of ``damaged``: they seem to belong to a missing package

    @property
    def is_clean(self) -> bool:
        return self.is_listed and self == FileCheck(Packages())

    @property
    def to_reinstall(self) -> frozenset[str]:
        """The packages of which a file is missing or damaged. Bytecode doesn't count: it is made of their sources."""
        files = (each for each in self.damaged if source_of(each.file) == each.file)
        return frozenset({*map(package_of, self.packages.missing), *(each.package for each in files)} - {""})

    def agrees_with(self, other: "FileCheck") -> bool:
        """Whether both name the same files. How each is damaged may differ: reading a file shows more than its size."""
        files, others = ({each.file for each in check.damaged} for check in (self, other))
        return files == others and replace(self, damaged=()) == replace(other, damaged=())

    @property
    def problems(self) -> tuple[str, ...]:
        """A sentence for each difference."""
        return (
            *([] if self.is_listed else ["the list of its files is gone or has changed"]),
            *(f"{package_of(name)} is gone" for name in self.packages.missing),
            *(f"{name.rpartition('.')[0]} was added" for name in self.packages.unexpected),
            *(f"{name} was left by an interrupted install" for name in self.packages.leftovers),
            *map(str, self.damaged),
            *(f"{file} was added" for file in self.strays),
        )


def quick(build: Build) -> FileCheck:
    """Compare every listed file's size and time. Raises ``OSError`` where the build can't be read."""
    folders = manifest.read(build.prefix, build.own_marker.manifest)
    packages = _packages(build)
    if folders is None:
        return FileCheck(packages, is_listed=False)
    return _checked(build, folders, packages, list(_changed(build, folders)))


def thorough(build: Build) -> FileCheck:
    """Compare every file's bytes. Raises ``OSError`` where the build can't be read."""
    folders = manifest.read(build.prefix, build.own_marker.manifest)
    packages = _packages(build)
    corrections = build.own_marker.corrections
    if folders is None:
        return FileCheck(packages, tuple(content.damaged(build.site_packages, corrections)), is_listed=False)
    # Files of packages that were added since are reported with their package, not one by one.
    installed = {"", *map(package_of, build.own_marker.fingerprint.records)}
    read = content.damaged(build.site_packages, corrections, _listed(build, folders))
    damaged = [each for each in read if each.package in installed]
    # Times count, although the bytes are right: Python doesn't use bytecode of a source that has another time.
    return _checked(build, folders, packages, [*damaged, *_changed(build, folders)])


def problems(build: Build, check: FileCheck) -> tuple[str, ...]:
    """A sentence for everything that isn't as it was built, the interpreter first."""
    interpreter = health.interpreter_problem(build)
    return (*((interpreter,) if interpreter else ()), *check.problems)


def _checked(build: Build, folders: Folders, packages: Packages, damaged: list[DamagedFile]) -> FileCheck:
    strays = tuple(sorted(_strays(build, folders, packages)))
    if not damaged:
        return FileCheck(packages, (), strays)
    owner = owners(build)
    named = [each if each.package else _owned(each, owner) for each in damaged]
    may_be_unlisted = bool(packages.missing) or any(each.file.endswith("/RECORD") for each in named)
    # A file without a package may be one of a package whose RECORD is gone: then that package is reported, not it.
    reported = [each for each in named if each.package or not may_be_unlisted or each.file.startswith("..")]
    ownerless = {each.file for each in named}.difference(each.file for each in reported)
    return FileCheck(packages, tuple(_once(reported)), strays, ownerless=tuple(sorted(ownerless)))


def owners(build: Build) -> dict[str, str]:
    """Each file's package, by the ``RECORD``s that can be read. Bytecode isn't in it: look up its source."""
    packages: dict[str, str] = {}
    for folder in build.site_packages.glob("*.dist-info"):
        package = package_of(folder.name)
        packages[f"{folder.name}/RECORD"] = package
        packages.update(dict.fromkeys(package_records.files(folder / "RECORD"), package))
    return packages


def source_of(file: str) -> str:
    """The module whose bytecode a file is; for any other file, the file itself."""
    folder, name = posixpath.split(file)
    if posixpath.basename(folder) != BYTECODE_FOLDER:
        return file
    return posixpath.join(posixpath.dirname(folder), f"{name.split('.')[0]}.py")


def from_site_packages(build: Build, path: str) -> str:
    """A path from the environment's folder, turned into one from site-packages, as a ``RECORD`` has it."""
    inside = f"{build.own_marker.site_packages}/"
    return path.removeprefix(inside) if path.startswith(inside) else posixpath.relpath(path, inside)


def _packages(build: Build) -> Packages:
    expected = build.own_marker.fingerprint.records
    names = os.listdir(build.site_packages)
    leftovers = [name for name in names if name.startswith(LEFTOVER_MARKS)]
    installed = {name for name in names if name.endswith((".dist-info", ".egg-info", ".egg-link"))} - {*leftovers}
    return Packages(
        tuple(sorted(expected.keys() - installed)),
        tuple(sorted(installed - expected.keys())),
        tuple(sorted(leftovers)),
    )


def _changed(build: Build, folders: Folders) -> Iterator[DamagedFile]:
    for folder, names in folders.items():
        for name, expected in names.items():
            path = f"{folder}/{name}" if folder else name
            if problem := _file_problem(f"{build.prefix}/{path}", expected[:2]):
                yield DamagedFile("", from_site_packages(build, path), problem)


def _file_problem(path: str, expected: list[object]) -> str | None:
    try:
        if len(expected) == 1:
            return None if str(Path(path).readlink()) == expected[0] else "leads elsewhere"
        status = os.stat(path, follow_symlinks=False)
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"can't be read: {error.strerror}"
    if status.st_size != expected[0]:
        return f"has {status.st_size} bytes instead of {expected[0]}"
    return "was written after the build" if status.st_mtime_ns != expected[1] else None


def _listed(build: Build, folders: Folders) -> Iterator[ExpectedFile]:
    for folder, names in folders.items():
        for name, entry in names.items():
            if len(entry) == 3:
                path = f"{folder}/{name}" if folder else name
                yield ExpectedFile("", from_site_packages(build, path), entry[2], entry[0])


def _strays(build: Build, folders: Folders, packages: Packages) -> Iterator[str]:
    inside = build.own_marker.site_packages
    unexpected = _files_of(build, packages.unexpected)
    for folder, name, _ in manifest.walk(str(build.prefix)):
        path = f"{folder}/{name}" if folder else name
        if name in folders.get(folder, ()) or folder.endswith(BYTECODE_FOLDER):
            continue
        first = path.removeprefix(f"{inside}/").split("/")[0] if path.startswith(f"{inside}/") else ""
        if path not in unexpected and first not in packages.leftovers and first not in packages.unexpected:
            yield path


def _files_of(build: Build, dist_infos: Iterable[str]) -> set[str]:
    """The files in the ``RECORD``s of packages."""
    inside = build.own_marker.site_packages
    named = (file for name in dist_infos for file in package_records.files(build.site_packages / name / "RECORD"))
    return {package_records.from_prefix(inside, file) for file in named}


def _owned(damaged: DamagedFile, owner: Mapping[str, str]) -> DamagedFile:
    package = owner.get(damaged.file) or owner.get(source_of(damaged.file)) or ""
    return DamagedFile(package, damaged.file, damaged.problem, damaged.digest)


def _once(damaged: Iterable[DamagedFile]) -> list[DamagedFile]:
    """Each file once, with its first problem. An unreadable ``RECORD`` is met twice: it is also a file to compare."""
    by_file = {each.file: each for each in reversed(list(damaged))}
    return sorted(by_file.values(), key=lambda each: (each.package, each.file))
