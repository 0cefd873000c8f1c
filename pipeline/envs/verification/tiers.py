"""What a look at all files of a build shows: by size and time (tier 1), or by every byte (tier 2).

Tier 1 can't see a changed byte in a file whose size and time are as they were. Neither sees what a person added
into a ``__pycache__``, which is how a use of the environment by hand looks and does no harm.
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
from pipeline.envs.verification.comparison import DamagedFile, Expected
from pipeline.envs.verification.manifest import Folders

CACHE = "__pycache__"
SET_ASIDE = ("~", "-")  # begin what an interrupted pip left: ~umpy, once numpy


@dataclass(frozen=True)
class Packages:
    """By the folders of metadata in site-packages, such as numpy-2.4.6.dist-info."""

    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    leftovers: tuple[str, ...] = ()  # of an interrupted install


@dataclass(frozen=True)
class Look:
    packages: Packages
    damaged: tuple[DamagedFile, ...] = ()
    strays: tuple[str, ...] = ()  # files that nobody installed, from the environment's folder
    is_listed: bool = True  # whether the list of its files is there to compare with
    ownerless: tuple[str, ...] = ()  # damaged files that aren't told, since the package that they may belong to is

    @property
    def is_clean(self) -> bool:
        return self.is_listed and self == Look(Packages())

    @property
    def to_reinstall(self) -> frozenset[str]:
        """The packages that aren't whole; bytecode is made of their sources, and the rest comes with a new folder."""
        files = (each for each in self.damaged if source_of(each.file) == each.file)
        return frozenset({*map(package_of, self.packages.missing), *(each.package for each in files)} - {""})

    def says_the_same(self, other: "Look") -> bool:
        """Whether both name the same files; why these are damaged may be known better by one."""
        files, others = ({each.file for each in look.damaged} for look in (self, other))
        return files == others and replace(self, damaged=()) == replace(other, damaged=())

    @property
    def words(self) -> tuple[str, ...]:
        """Everything that isn't as it was built."""
        found = self.packages
        return (
            *([] if self.is_listed else ["the list of its files is gone or has changed"]),
            *(f"{package_of(name)} is gone" for name in found.missing),
            *(f"{name.rpartition('.')[0]} was added" for name in found.unexpected),
            *(f"{name} was left by an interrupted install" for name in found.leftovers),
            *map(str, self.damaged),
            *(f"{file} was added" for file in self.strays),
        )


def quick(build: Build) -> Look:
    """Every listed file's size and time. Raises ``OSError`` where the build can't be read."""
    folders = manifest.read(build.prefix, build.record.get("manifest"))
    packages = _packages(build)
    if folders is None:
        return Look(packages, is_listed=False)
    return _look(build, folders, packages, list(_changed(build, folders)))


def thorough(build: Build) -> Look:
    """Every file's bytes. Raises ``OSError`` where the build can't be read."""
    folders = manifest.read(build.prefix, build.record.get("manifest"))
    packages = _packages(build)
    otherwise = build.record.get("otherwise")
    if folders is None:
        return Look(packages, tuple(content.damaged(build.site_packages, otherwise)), is_listed=False)
    installed = {"", *map(package_of, build.record["fingerprint"]["records"])}  # what else is there is told as such
    read = content.damaged(build.site_packages, otherwise, _listed(build, folders))
    found = [each for each in read if each.package in installed]
    # With the times, although the bytes are right: bytecode isn't taken for a source of another time.
    return _look(build, folders, packages, [*found, *_changed(build, folders)])


def in_words(build: Build, look: Look) -> tuple[str, ...]:
    """Everything that isn't as it was built, the interpreter first."""
    interpreter = health.interpreter_damage(build)
    return (*((interpreter,) if interpreter else ()), *look.words)


def _look(build: Build, folders: Folders, packages: Packages, found: list[DamagedFile]) -> Look:
    strays = tuple(sorted(_strays(build, folders, packages)))
    if not found:
        return Look(packages, (), strays)
    owner = owners(build)
    named = [each if each.package else _owned(each, owner) for each in found]
    unowned = bool(packages.missing) or any(each.file.endswith("/RECORD") for each in named)
    # What is nobody's any more, since who lists it is gone, is told by the package that is.
    told = [each for each in named if each.package or not unowned or each.file.startswith("..")]
    ownerless = {each.file for each in named}.difference(each.file for each in told)
    return Look(packages, tuple(_once(told)), strays, ownerless=tuple(sorted(ownerless)))


def owners(build: Build) -> dict[str, str]:
    """Each file's package, by the ``RECORD``s that can be read; bytecode is asked for by its source."""
    found: dict[str, str] = {}
    for folder in build.site_packages.glob("*.dist-info"):
        package = package_of(folder.name)
        found[f"{folder.name}/RECORD"] = package
        found.update(dict.fromkeys(package_records.files(folder / "RECORD"), package))
    return found


def source_of(file: str) -> str:
    """The module that a file is the bytecode of; any other file is its own source."""
    folder, name = posixpath.split(file)
    if posixpath.basename(folder) != CACHE:
        return file
    return posixpath.join(posixpath.dirname(folder), f"{name.split('.')[0]}.py")


def from_site_packages(build: Build, path: str) -> str:
    """A path from the environment's folder, as a ``RECORD`` would write it."""
    inside = f"{build.record['site_packages']}/"
    return path.removeprefix(inside) if path.startswith(inside) else posixpath.relpath(path, inside)


def _packages(build: Build) -> Packages:
    expected = build.record["fingerprint"]["records"]
    names = os.listdir(build.site_packages)
    aside = [name for name in names if name.startswith(SET_ASIDE)]
    there = {name for name in names if name.endswith((".dist-info", ".egg-info", ".egg-link"))}.difference(aside)
    return Packages(
        tuple(sorted(expected.keys() - there)), tuple(sorted(there - expected.keys())), tuple(sorted(aside))
    )


def _changed(build: Build, folders: Folders) -> Iterator[DamagedFile]:
    for folder, names in folders.items():
        for name, expected in names.items():
            path = f"{folder}/{name}" if folder else name
            if how := _differs(f"{build.prefix}/{path}", expected[:2]):
                yield DamagedFile("", from_site_packages(build, path), how)


def _differs(path: str, expected: list[object]) -> str | None:
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


def _listed(build: Build, folders: Folders) -> Iterator[Expected]:
    for folder, names in folders.items():
        for name, entry in names.items():
            if len(entry) == 3:
                path = f"{folder}/{name}" if folder else name
                yield Expected("", from_site_packages(build, path), entry[2], entry[0])


def _strays(build: Build, folders: Folders, packages: Packages) -> Iterator[str]:
    inside = build.record["site_packages"]
    foreign = _files_of(build, packages.unexpected)
    for folder, name, _ in manifest.walk(str(build.prefix)):
        path = f"{folder}/{name}" if folder else name
        if name in folders.get(folder, ()) or folder.endswith(CACHE):
            continue
        first = path.removeprefix(f"{inside}/").split("/")[0] if path.startswith(f"{inside}/") else ""
        if path not in foreign and first not in packages.leftovers and first not in packages.unexpected:
            yield path


def _files_of(build: Build, dist_infos: Iterable[str]) -> set[str]:
    """What unexpected packages say is theirs: told by their names alone."""
    inside = build.record["site_packages"]
    named = (file for name in dist_infos for file in package_records.files(build.site_packages / name / "RECORD"))
    return {package_records.from_prefix(inside, file) for file in named}


def _owned(found: DamagedFile, owner: Mapping[str, str]) -> DamagedFile:
    package = owner.get(found.file) or owner.get(source_of(found.file)) or ""
    return DamagedFile(package, found.file, found.how, found.digest)


def _once(found: Iterable[DamagedFile]) -> list[DamagedFile]:
    """A ``RECORD`` that can't be read is seen by who reads it and by who compares it; the first word counts."""
    by_file = {each.file: each for each in reversed(list(found))}
    return sorted(by_file.values(), key=lambda each: (each.package, each.file))
