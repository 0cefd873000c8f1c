"""A lock's file: its pins, each with its line, its hashes, and what asked for it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pipeline.envs.lockfiles.options import ALL, NO_BINARY, ONLY_BINARY, kinds_of_files

if TYPE_CHECKING:
    from packaging.markers import Marker

HEADER = "# locked for Python "  # then the range; our own locks begin so, and have the extras in their pins
OPTIONS = (
    "-i ",
    "--index-url",
    "--extra-index-url",
    "--find-links",
    NO_BINARY,
    ONLY_BINARY,
)  # the beginnings of lines between pins
HASH = re.compile(r"--hash=(\S*)")
WHOLE_HASH = re.compile(r"sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}")
VIA = re.compile(r"\s*#\s+(?:via\b)?\s*(?P<who>.*)")


@dataclass(frozen=True)
class Pin:
    name: str  # in its canonical form
    version: str  # or the URL
    line: int
    extras: frozenset[str] = frozenset()
    marker: "Marker | None" = None
    via: tuple[str, ...] = ()  # packages, and files as ``-r FILE``
    may_be_wheel: bool = True
    may_be_source: bool = True
    hashes: tuple[str, ...] = ()  # ALGORITHM:HEXADECIMAL, of every file that may be installed

    @property
    def sha256(self) -> frozenset[str]:
        return frozenset(each.removeprefix("sha256:") for each in self.hashes if each.startswith("sha256:"))

    def is_for(self, environment: Mapping[str, str]) -> bool:
        """Whether it is installed in such an environment (``marker_environment``)."""
        return self.marker is None or self.marker.evaluate(dict(environment))

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


@dataclass(frozen=True)
class LockFile:
    pins: tuple[Pin, ...]
    python: str | None = None  # the range that it was made for; None where it doesn't say
    options: tuple[str, ...] = ()  # lines that say which packages are installed as wheels, and which from source

    def named(self, name: str) -> list[Pin]:
        return [pin for pin in self.pins if pin.name == name]

    def on(self, python: str) -> list[Pin]:
        """The pins that are installed on this platform, with this exact version of Python."""
        environment = marker_environment(python)
        return [pin for pin in self.pins if pin.is_for(environment)]


class NotALock(ValueError):
    """A line isn't a pin: it was edited by hand, or its end is missing."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


@dataclass
class _Entry:
    """The lines of one pin."""

    line: int
    parts: list[str] = field(default_factory=list)
    via: list[str] = field(default_factory=list)
    open: bool = True  # the next line belongs to it


def parse(text: str) -> LockFile:
    """Raises ``NotALock`` for the first line that doesn't belong to a pin with its hashes."""
    first = text.split("\n", 1)[0]
    python = first.removeprefix(HEADER).strip() if first.startswith(HEADER) else None
    options = tuple(line.strip() for line in text.splitlines() if line.startswith((NO_BINARY, ONLY_BINARY)))
    kinds = kinds_of_files(options)
    return LockFile(tuple(_with_kinds(_pin(entry), kinds) for entry in _entries(text)), python, options)


def marker_environment(python: str) -> dict[str, str]:
    """The variables of markers and their values, for this platform with one exact version of Python."""
    from packaging.markers import default_environment

    here: dict[str, str] = {name: str(value) for name, value in default_environment().items()}
    return {
        **here,
        "python_version": ".".join(python.split(".")[:2]),
        "python_full_version": python,
        "implementation_version": python,
        "extra": "",
    }


def _entries(text: str) -> Iterator[_Entry]:
    entry: _Entry | None = None
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if bare.startswith("#"):
            if entry and line[0].isspace() and (via := VIA.fullmatch(line)) and via["who"]:
                entry.via.append(via["who"])
            continue
        if not bare or bare.startswith(OPTIONS):
            continue
        if entry is None or not entry.open:
            if entry:
                yield entry
            entry = _Entry(number)
        entry.parts.append(bare.removesuffix("\\").strip())
        entry.open = bare.endswith("\\")
    if entry:
        if entry.open:
            raise NotALock(entry.line, "it breaks off: its last line says that another follows")
        yield entry


def _with_kinds(pin: Pin, kinds: Mapping[str, frozenset[str]]) -> Pin:
    """What is said of a package goes before what is said of all."""
    source, wheel = kinds[NO_BINARY], kinds[ONLY_BINARY]
    return replace(
        pin,
        may_be_wheel=pin.name not in source and (ALL not in source or pin.name in wheel),
        may_be_source=pin.name not in wheel and (ALL not in wheel or pin.name in source),
    )


def _pin(entry: _Entry) -> Pin:
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    whole = " ".join(entry.parts)
    text = HASH.sub("", whole).strip()
    try:
        pin = Requirement(text)
    except InvalidRequirement as error:
        raise NotALock(entry.line, f"{text[:80]!r} isn't a pin such as numpy==2.2.0") from error
    exact = [each.version for each in pin.specifier if each.operator in ("==", "===") and "*" not in each.version]
    if not pin.url and (len(pin.specifier) != 1 or not exact):
        raise NotALock(entry.line, f"{text[:80]!r} leaves the version open")
    hashes = tuple(HASH.findall(whole))
    _require_hashes(entry.line, pin.name, hashes)
    return Pin(
        name=canonicalize_name(pin.name),
        version=pin.url or exact[0],
        line=entry.line,
        extras=frozenset(canonicalize_name(extra) for extra in pin.extras),
        marker=pin.marker,
        via=tuple(entry.via),
        hashes=hashes,
    )


def _require_hashes(line: int, name: str, hashes: tuple[str, ...]) -> None:
    if not hashes:
        raise NotALock(line, f"{name} has no hash")
    if wrong := next((each for each in hashes if not WHOLE_HASH.fullmatch(each)), None):
        raise NotALock(line, f"{name} has the hash {wrong[:80]!r}, which isn't a whole one")
