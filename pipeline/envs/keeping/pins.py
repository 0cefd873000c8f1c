"""Which packages a lock brings to one Python on this machine, and which of a package's files it can use. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.envs.interpreters import BaseInterpreter

HASH = re.compile(r"--hash[=\s]+sha256:([0-9a-f]{64})\b")


@dataclass(frozen=True)
class Pin:
    name: str  # as package indexes compare it
    version: str  # empty where the lock names an address
    hashes: frozenset[str]  # SHA-256, hexadecimal, of every file that may be installed

    def __str__(self) -> str:
        return f"{self.name}=={self.version}" if self.version else self.name


def pins(lock: str, python: BaseInterpreter) -> list[Pin]:
    """Those whose markers hold for this Python. Raises ``ValueError`` with the line that can't be read."""
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    surroundings = _surroundings(python)
    found = []
    for line in _lines(lock):
        try:
            requirement = Requirement(line.split(" --", 1)[0])
        except InvalidRequirement as error:
            raise ValueError(f"{line[:80]!r} isn't a pinned requirement") from error
        if requirement.marker is None or requirement.marker.evaluate(surroundings):
            version = next((each.version for each in requirement.specifier if each.operator in ("==", "===")), "")
            found.append(Pin(canonicalize_name(requirement.name), version, frozenset(HASH.findall(line))))
    return found


def usable(names: Sequence[str], pin: Pin, python: BaseInterpreter) -> str | None:
    """The best of a package's wheels for this Python, by their names; ``None`` where none fits."""
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    order = {str(tag): place for place, tag in enumerate(_tags(python))}
    ranked = []
    for name in names:
        try:
            package, version, _, tags = parse_wheel_filename(name)
        except InvalidWheelFilename:
            continue
        places = [order[str(tag)] for tag in tags if str(tag) in order]
        if package == pin.name and places and _is_same(str(version), pin.version):
            ranked.append((min(places), name))
    return min(ranked)[1] if ranked else None


def _is_same(version: str, pinned: str) -> bool:
    from packaging.version import Version

    return not pinned or Version(version) == Version(pinned)


def _lines(lock: str) -> Iterator[str]:
    """Requirements with their hashes, each in one line; comments and options that stand alone are left out."""
    joined = re.sub(r"\\\r?\n", " ", lock)
    for line in joined.splitlines():
        text = re.sub(r"(^|\s)#.*$", "", line).strip()
        if text and not text.startswith("-"):
            yield text


def _surroundings(python: BaseInterpreter) -> Mapping[str, str]:
    from packaging.markers import default_environment

    minor = ".".join(python.version.split(".")[:2])
    exact = {
        "python_version": minor,
        "python_full_version": python.version,
        "implementation_version": python.version,
        "extra": "",
    }
    return {**default_environment(), **exact}  # type: ignore[dict-item]  # a TypedDict of strings


def _tags(python: BaseInterpreter) -> Iterator[object]:
    from packaging import tags

    match = re.match(r"(\d+)\.(\d+)", python.version)
    assert match, python.version
    version = (int(match[1]), int(match[2]))
    free_threaded = "t" if re.match(r"cpython-\d+t", python.abi) else ""
    abi = f"cp{version[0]}{version[1]}{free_threaded}"
    yield from tags.cpython_tags(version, abis=[abi])
    yield from tags.compatible_tags(version, interpreter=f"cp{version[0]}{version[1]}")
