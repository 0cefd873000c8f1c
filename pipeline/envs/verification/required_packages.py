"""Whether all packages are there that the installed ones require (``Requires-Dist``). Pure, but for ``declared``.

A lock says what they required when it was made. What a package built from source requires may depend on variables, and
an index may describe a file otherwise than the file itself does.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from pipeline.envs.verification.required_python import name_of

FIELD = "requires-dist:"
SHOWN = 5


def declared(site_packages: Path) -> dict[str, tuple[str, tuple[str, ...]]]:
    """The version and the requirements of each installed package, by its canonical name."""
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for folder in sorted(site_packages.glob("*.dist-info")):
        try:
            text = (folder / "METADATA").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue  # comparing the files says what is wrong
        version = folder.name.removesuffix(".dist-info").rpartition("-")[2]
        found[name_of(folder.name)] = (version, tuple(_fields(text)))
    return found


def unmet(packages: Mapping[str, tuple[str, tuple[str, ...]]], environment: Mapping[str, str]) -> tuple[str, ...]:
    """A clause for each requirement that isn't met. ``environment``: the variables of markers and their values.

    Extras don't count, since nothing says which of them were asked for. What can't be read is taken for met.
    """
    return tuple(
        clause
        for name, (_, requirements) in sorted(packages.items())
        for text in requirements
        if (clause := _unmet(name, text, packages, environment))
    )


def sentence(clauses: Iterable[str]) -> str:
    named = list(clauses)
    more = [f"and {len(named) - SHOWN} more"] if len(named) > SHOWN else []
    return "; ".join([*named[:SHOWN], *more])


def _unmet(
    name: str, text: str, packages: Mapping[str, tuple[str, tuple[str, ...]]], environment: Mapping[str, str]
) -> str | None:
    from packaging.markers import UndefinedEnvironmentName
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name
    from packaging.version import InvalidVersion, Version

    try:
        required = Requirement(text)
        if required.marker and not required.marker.evaluate({**environment, "extra": ""}):
            return None
        there = packages.get(canonicalize_name(required.name))
        if there is None:
            return f"{name} needs {required.name}{required.specifier}, which isn't there"
        is_met = required.specifier.contains(Version(there[0]), prereleases=True)
    except (InvalidRequirement, InvalidVersion, UndefinedEnvironmentName):
        return None
    return None if is_met else f"{name} needs {required.name}{required.specifier}, and {there[0]} is there"


def _fields(metadata: str) -> Iterable[str]:
    for line in metadata.splitlines():
        if not line.strip():
            return
        if line.lower().startswith(FIELD):
            yield line[len(FIELD) :].strip()
