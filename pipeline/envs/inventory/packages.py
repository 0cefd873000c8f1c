"""The packages in a build, read from their own metadata. No Python of the build is started."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from pipeline.envs.build import Build

CLASSIFIER = "License :: "
# Values that name no license.
NO_LICENSE = {"", "unknown", "license", "none", "dual license", "license :: osi approved", "other/proprietary license"}
SHOWN = 80  # characters of a License field; some packages put the whole text of the license there


@dataclass(frozen=True)
class License:
    text: str  # an SPDX expression where ``source`` is "expression"; empty where the package names none
    source: str  # "expression", "classifier", "field" or "unknown"
    files: tuple[str, ...]  # in the package's own folder


@dataclass(frozen=True)
class InstalledPackage:
    name: str  # as package indexes compare it
    shown: str  # the name as its authors write it
    version: str
    summary: str
    license: License
    requires: tuple[str, ...]  # lines of Requires-Dist


def installed_packages(build: Build) -> list[InstalledPackage]:
    """By name. Raises ``OSError`` where the build can't be read."""
    packages = {package.name: package for package in _read(build.site_packages)}
    return [packages[name] for name in sorted(packages)]


def dependencies(packages: Sequence[InstalledPackage], python: str) -> dict[str, list[str]]:
    """The packages that each package needs, by name, for this exact version of Python on this platform."""
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    lines_of: dict[str, list[tuple[str, set[str], Requirement]]] = {package.name: [] for package in packages}
    for package in packages:
        for line in package.requires:
            try:
                requirement = Requirement(line)
            except InvalidRequirement:
                continue  # of an old package, which can be installed all the same
            if (target := canonicalize_name(requirement.name)) in lines_of:
                extras = {str(canonicalize_name(extra)) for extra in requirement.extras}
                lines_of[package.name].append((target, extras, requirement))
    extras_of = _extras(lines_of, python)
    return {
        name: sorted({target for target, _, requirement in lines if _applies(requirement, extras_of[name], python)})
        for name, lines in lines_of.items()
    }


def _extras(lines_of: Mapping[str, list], python: str) -> dict[str, set[str]]:  # type: ignore[type-arg]  # see above
    """The extras that packages need of one another. An extra may need further ones, so this repeats until none does."""
    extras_of: dict[str, set[str]] = {name: set() for name in lines_of}
    while True:
        before = sum(map(len, extras_of.values()))
        for name, lines in lines_of.items():
            for target, extras, requirement in lines:
                if extras and _applies(requirement, extras_of[name], python):
                    extras_of[target] |= extras
        if sum(map(len, extras_of.values())) == before:
            return extras_of


def _applies(requirement, extras: set[str], python: str) -> bool:  # type: ignore[no-untyped-def]  # imported where used
    """Whether its marker is true."""
    marker = requirement.marker
    version = {"python_full_version": python, "python_version": ".".join(python.split(".")[:2])}
    return marker is None or any(marker.evaluate({**version, "extra": extra}) for extra in ("", *extras))


def _read(site_packages: Path) -> Iterator[InstalledPackage]:
    from packaging.utils import canonicalize_name

    for distribution in metadata.distributions(path=[str(site_packages)]):
        fields = distribution.metadata
        shown = _field(fields, "Name") or "unknown"
        yield InstalledPackage(
            name=canonicalize_name(shown),
            shown=shown,
            version=_field(fields, "Version"),
            summary=_field(fields, "Summary").strip(),
            license=_license(fields),
            requires=tuple(fields.get_all("Requires-Dist") or ()),
        )


def _field(fields: "metadata.PackageMetadata", name: str) -> str:
    """Its first value; empty where it isn't there. Where a library has brought ``importlib_metadata`` along, its own
    metadata raise ``KeyError`` for ``fields[name]``."""
    return next(iter(fields.get_all(name) or ()), "")


def _license(fields: "metadata.PackageMetadata") -> License:
    """From the clearest field: https://packaging.python.org/en/latest/specifications/core-metadata/"""
    files = tuple(fields.get_all("License-File") or ())
    if expression := _field(fields, "License-Expression").strip():
        return License(expression, "expression", files)
    classifiers = [each for each in fields.get_all("Classifier") or () if each.startswith(CLASSIFIER)]
    names = [each.rpartition(" :: ")[2] for each in classifiers if each.lower() not in NO_LICENSE]
    if names := [name for name in names if name.lower() not in NO_LICENSE]:
        return License(" and ".join(dict.fromkeys(names)), "classifier", files)
    text = re.sub(r"\s+", " ", _field(fields, "License").strip())
    if text.lower() not in NO_LICENSE:
        return License(text if len(text) <= SHOWN else f"{text[:SHOWN]}...", "field", files)
    return License("", "unknown", files)
