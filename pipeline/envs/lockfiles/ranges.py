"""Ranges of Python versions, by the versions that stand for them."""

import re

OLDEST, NEWEST = 8, 30  # minor versions that are asked about; our part in a stage's process runs on 3.8
OURS = "3.11"  # where a range has no lower bound: what the orchestrator itself needs


def versions_in(python: str) -> list[str]:
    """Versions that stand for a range: of each minor one its first and a late patch, and those that it names."""
    from packaging.specifiers import SpecifierSet
    from packaging.version import Version

    specifiers = SpecifierSet(python)
    named = {each.version for each in specifiers if re.fullmatch(r"\d+\.\d+\.\d+", each.version)}
    usual = {f"3.{minor}.{patch}" for minor in range(OLDEST, NEWEST) for patch in (0, 99)}
    return sorted((each for each in usual | named if each in specifiers), key=Version)


def lower_bound(python: str) -> str:
    """The oldest Python of a range, as the resolver wants to be told."""
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
    """What of a range a resolver isn't told by its lower bound, as markers."""
    from packaging.specifiers import SpecifierSet

    rest = [each for each in SpecifierSet(python) if each.operator != ">="]
    return sorted(f"python_full_version {each.operator} '{each.version}'" for each in rest)
