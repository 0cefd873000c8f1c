"""What is compared: sides, each with its requirement lines and the place where each stands."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.envs.lockfiles import requirements
from pipeline.envs.lockfiles.requirements import Asked, Kind
from pipeline.errors import ConfigurationError

if TYPE_CHECKING:
    from packaging.requirements import Requirement

# Options of a requirements file that decide which packages there are; the others don't matter to a resolver.
WITH_VALUE = {"-i", "--index-url", "--extra-index-url", "-f", "--find-links"}
ALONE = {"--no-index", "--pre"}


@dataclass(frozen=True)
class Line:
    text: str
    where: str  # FILE:LINE
    is_bound: bool = False  # limits what is installed, and asks for nothing

    @cached_property
    def requirement(self) -> "Requirement":
        from packaging.requirements import Requirement

        return Requirement(self.text)

    @cached_property
    def name(self) -> str:
        from packaging.utils import canonicalize_name

        return canonicalize_name(self.requirement.name)

    def __str__(self) -> str:
        return f"{self.text} ({self.where})"


@dataclass(frozen=True)
class Side:
    """One of the environments that are compared, or what a person asks about as if it were one."""

    name: str
    lines: tuple[Line, ...]
    options: tuple[str, ...] = ()  # of a requirements file: where packages come from
    index: str = ""  # beside the usual one
    python: str = ""  # a range such as >=3.10,<3.13; any where it is empty
    python_where: str = ""  # FILE:LINE


def from_file(name: str, file: Path, python: str = "", python_where: str = "", index: str = "") -> Side:
    """Raises ``ConfigurationError``, with file and line, for a line that can't be compared."""
    asked = requirements.read(file)
    lines = tuple(_line(each) for each in asked if each.kind is not Kind.OPTION)
    return Side(name, lines, tuple(_options(asked, file.parent)), index, python, python_where)


def from_words(text: str, where: str) -> Side:
    """A requirement as it was typed."""
    return Side(text, (_checked(Line(text.strip(), where)),))


def _line(asked: Asked) -> Line:
    if asked.is_local:
        raise ConfigurationError(f"{asked.where}: {asked.text} names a file of this machine, which can't be compared")
    return _checked(Line(asked.text.split(" --", 1)[0], asked.where, asked.kind is Kind.BOUND))


def _checked(line: Line) -> Line:
    from packaging.requirements import InvalidRequirement
    from packaging.version import InvalidVersion, Version

    try:
        for each in line.requirement.specifier:
            Version(each.version.removesuffix(".*"))  # ``===`` may have any text, which the resolver can't read
    except (InvalidRequirement, InvalidVersion) as error:
        reason = str(error).splitlines()[0]
        raise ConfigurationError(f"{line.where}: {line.text!r} isn't a requirement: {reason}") from error
    return line


def _options(asked: Iterable[Asked], folder: Path) -> Iterable[str]:
    for each in asked:
        option, _, value = each.text.replace("=", " ", 1).partition(" ")
        if each.kind is Kind.OPTION and option in ALONE:
            yield option
        elif each.kind is Kind.OPTION and option in WITH_VALUE:
            # The lines are resolved from a file elsewhere, so that a folder must be named from the root.
            is_folder = option in {"-f", "--find-links"} and "://" not in value
            yield f"{option} {(folder / value.strip()).resolve() if is_folder else value.strip()}"
