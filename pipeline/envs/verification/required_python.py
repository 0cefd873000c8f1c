"""The Pythons that packages say they are for (``Requires-Python``). Pure, but for ``declared``.

uv takes only the lower bound for a reason to refuse a package: https://docs.astral.sh/uv/reference/internals/resolver/
"""

from collections.abc import Mapping
from pathlib import Path

FIELD = "requires-python:"
SHOWN = 5


def declared(site_packages: Path) -> dict[str, str]:
    """The range of each installed package that has one, by its canonical name."""
    found: dict[str, str] = {}
    for folder in sorted(site_packages.glob("*.dist-info")):
        try:
            text = (folder / "METADATA").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue  # comparing the files says what is wrong
        if declared_range := range_in(text):
            found[name_of(folder.name)] = declared_range
    return found


def range_in(metadata: str) -> str:
    """The range in the text of a package's metadata; empty where it has none."""
    for line in metadata.splitlines():
        if not line.strip():
            return ""
        if line.lower().startswith(FIELD):
            return line[len(FIELD) :].strip()
    return ""


def name_of(dist_info: str) -> str:
    """A package's canonical name, from the name of its folder of metadata."""
    from packaging.utils import canonicalize_name

    return canonicalize_name(dist_info.removesuffix(".dist-info").rpartition("-")[0])


def excluding(packages: Mapping[str, str], python: str) -> dict[str, str]:
    """The packages whose range doesn't have this exact version of Python. A range that can't be read excludes none."""
    return {name: text for name, text in packages.items() if not _has(text, python)}


def sentence(excluding: Mapping[str, str], python: str) -> str:
    """For a person: which packages aren't for this Python."""
    named = [f"{name} is for Python {text}" for name, text in sorted(excluding.items())]
    more = [f"and {len(named) - SHOWN} more"] if len(named) > SHOWN else []
    return f"{', '.join([*named[:SHOWN], *more])}, and this environment has Python {python}"


def _has(text: str, python: str) -> bool:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return SpecifierSet(text).contains(python, prereleases=True)
    except InvalidSpecifier:
        return True
