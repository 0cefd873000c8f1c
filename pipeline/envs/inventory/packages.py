"""What is installed in a build, as its packages' own metadata tells. No Python of the build is started."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from pipeline.envs.build import Build

CLASSIFIER = "License :: "
UNTOLD = {"", "unknown", "license", "none", "dual license", "license :: osi approved", "other/proprietary license"}
SHOWN = 80  # characters of a License field; some packages put the whole text there


@dataclass(frozen=True)
class License:
    text: str  # an SPDX expression where ``source`` is "expression"; empty where the package tells none
    source: str  # "expression", "classifier", "field" or "unknown"
    files: tuple[str, ...]  # in the package's own folder


@dataclass(frozen=True)
class Package:
    name: str  # as package indexes compare it
    shown: str  # as its authors write it
    version: str
    summary: str
    license: License
    requires: tuple[str, ...]  # lines of Requires-Dist


def installed(build: Build) -> list[Package]:
    """In the order of their names."""
    found = {package.name: package for package in _read(build.site_packages)}
    return [found[name] for name in sorted(found)]


def dependencies(packages: Sequence[Package], python: str) -> dict[str, list[str]]:
    """Which package brings which, by name, for this version of Python on this platform."""
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    wanted: dict[str, list[tuple[str, set[str], Requirement]]] = {package.name: [] for package in packages}
    for package in packages:
        for line in package.requires:
            try:
                requirement = Requirement(line)
            except InvalidRequirement:
                continue  # an old package's; it installed all the same
            if (target := canonicalize_name(requirement.name)) in wanted:
                extras = {str(canonicalize_name(extra)) for extra in requirement.extras}
                wanted[package.name].append((target, extras, requirement))
    asked = _asked_extras(wanted, python)
    return {
        name: sorted({target for target, _, requirement in lines if _holds(requirement, asked[name], python)})
        for name, lines in wanted.items()
    }


def _asked_extras(wanted: Mapping[str, list], python: str) -> dict[str, set[str]]:  # type: ignore[type-arg]  # see above
    """Extras that packages ask of one another: each may bring further ones, until none does."""
    asked: dict[str, set[str]] = {name: set() for name in wanted}
    while True:
        before = sum(map(len, asked.values()))
        for name, lines in wanted.items():
            for target, extras, requirement in lines:
                if extras and _holds(requirement, asked[name], python):
                    asked[target] |= extras
        if sum(map(len, asked.values())) == before:
            return asked


def _holds(requirement, extras: set[str], python: str) -> bool:  # type: ignore[no-untyped-def]  # imported where it is used
    marker = requirement.marker
    version = {"python_full_version": python, "python_version": ".".join(python.split(".")[:2])}
    return marker is None or any(marker.evaluate({**version, "extra": extra}) for extra in ("", *extras))


def _read(site_packages: Path) -> Iterator[Package]:
    from packaging.utils import canonicalize_name

    for distribution in metadata.distributions(path=[str(site_packages)]):
        told = distribution.metadata
        shown = told["Name"] or "unknown"
        yield Package(
            name=canonicalize_name(shown),
            shown=shown,
            version=told["Version"] or "",
            summary=(told["Summary"] or "").strip(),
            license=_license(told),
            requires=tuple(told.get_all("Requires-Dist") or ()),
        )


def _license(told: "metadata.PackageMetadata") -> License:
    """The form that says most: https://packaging.python.org/en/latest/specifications/core-metadata/"""
    files = tuple(told.get_all("License-File") or ())
    if expression := (told["License-Expression"] or "").strip():
        return License(expression, "expression", files)
    classifiers = [each for each in told.get_all("Classifier") or () if each.startswith(CLASSIFIER)]
    names = [each.rpartition(" :: ")[2] for each in classifiers if each.lower() not in UNTOLD]
    if names := [name for name in names if name.lower() not in UNTOLD]:
        return License(" and ".join(dict.fromkeys(names)), "classifier", files)
    first = re.sub(r"\s+", " ", (told["License"] or "").strip())
    if first.lower() not in UNTOLD:
        return License(first if len(first) <= SHOWN else f"{first[:SHOWN]}...", "field", files)
    return License("", "unknown", files)
