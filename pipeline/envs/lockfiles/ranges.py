"""Ranges of Python versions, worked with by versions that stand for them."""

import re

OLDEST, NEWEST = 8, 30  # minor versions that are considered; our part in a stage's process runs on 3.8
OURS = "3.11"  # the orchestrator's own; taken where a range has no lower bound


def versions_in(python: str) -> list[str]:
    """Versions that stand for a range: the first and a late patch of each minor version, and those that it names."""
    from packaging.specifiers import SpecifierSet
    from packaging.version import Version

    specifiers = SpecifierSet(python)
    named = {each.version for each in specifiers if re.fullmatch(r"\d+\.\d+\.\d+", each.version)}
    usual = {f"3.{minor}.{patch}" for minor in range(OLDEST, NEWEST) for patch in (0, 99)}
    return sorted((each for each in usual | named if each in specifiers), key=Version)


def lower_bound(python: str) -> str:
    """The oldest Python of a range, as the resolver takes it."""
    from packaging.specifiers import SpecifierSet
    from packaging.version import Version

    bounds = [
        each.version.removesuffix(".*")
        for each in SpecifierSet(python)
        if each.operator in (">=", ">", "~=", "==", "===")
    ]
    if bounds:
        return max(bounds, key=Version)
    versions = versions_in(python)
    return OURS if f"{OURS}.99" in versions or not versions else versions[0].rpartition(".")[0]


def bounds_beside_the_lowest(python: str) -> list[str]:
    """The other bounds of a range, as markers: the resolver's own option takes the lower bound alone."""
    from packaging.specifiers import SpecifierSet

    rest = [each for each in SpecifierSet(python) if each.operator != ">="]
    return sorted(f"python_full_version {each.operator} '{each.version}'" for each in rest)
