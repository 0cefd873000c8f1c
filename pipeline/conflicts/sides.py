"""What is compared: sides, each with its requirement lines and the place where each line stands.

A side is an environment, a requirements file, or a requirement that a person typed.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.config.catalog import Catalog
from pipeline.envs.definition import Definition
from pipeline.envs.lockfiles import requirements
from pipeline.envs.lockfiles.requirements import LineKind, RequirementLine
from pipeline.errors import ConfigurationError, UsageError, did_you_mean
from pipeline.project import ProjectFolder

if TYPE_CHECKING:
    from packaging.requirements import Requirement

# Options of a requirements file that decide which packages there are; the others don't matter to a resolver.
WITH_VALUE = {"-i", "--index-url", "--extra-index-url", "-f", "--find-links"}
ALONE = {"--no-index", "--pre"}
PYTHON_KEYS = re.compile(r"^#?\s*\"?(python|requires-python)\"?\s*[:=]")
FILE = re.compile(r".*(\.txt|\.in|[/\\].*)")  # what can only be meant as a file


@dataclass(frozen=True)
class Line:
    text: str  # a requirement, as packaging reads it
    where: str  # FILE:LINE
    is_bound: bool = False  # a constraint: limits what is installed, and asks for nothing

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
    name: str
    lines: tuple[Line, ...]
    options: tuple[str, ...] = ()  # of a requirements file: where packages come from
    index: str = ""  # beside the usual one
    python: str = ""  # a range such as >=3.10,<3.13; any where it is empty
    python_where: str = ""  # FILE:LINE


def named_sides(catalog: Catalog, words: Sequence[str], folder: Path) -> list[Side]:
    """The sides that a person named; relative files are looked for in ``folder``.

    Raises ``UsageError`` for a word that is no environment, no file and no requirement, and ``ConfigurationError`` for
    a requirements file that can't be compared.
    """
    return [_named(catalog, word, f"argument {number}", folder) for number, word in enumerate(words, 1)]


def side_of_environment(project: ProjectFolder, definition: Definition) -> Side:
    """Raises ``UsageError`` for an external environment, and ``ConfigurationError`` as ``side_of_file``."""
    if definition.lock is None:
        raise UsageError(
            f"environment '{definition.name}' is an external environment (interpreter:), so its packages can't be"
            " chosen",
            "pipeline env list",
        )
    file = definition.requirements or definition.lock.with_suffix(".txt")
    where = _place_of_python(project, definition.name, file)
    return side_of_file(definition.name, file, definition.python, where, definition.index)


def side_of_file(name: str, file: Path, python: str = "", python_where: str = "", index: str = "") -> Side:
    """Raises ``ConfigurationError``, with file and line, for a line that can't be compared."""
    asked = requirements.read(file)
    lines = tuple(_line(each) for each in asked if each.kind is not LineKind.OPTION)
    return Side(name, lines, tuple(_options(asked, file.parent)), index, python, python_where)


def side_of_requirement(text: str, where: str) -> Side:
    """A requirement as a person typed it. Raises ``ConfigurationError`` where it isn't one."""
    return Side(text, (_checked(Line(text.strip(), where)),))


def _named(catalog: Catalog, word: str, where: str, folder: Path) -> Side:
    if word in catalog.environment_names:
        # Its lock may be missing: a person wants to know why it can't be locked.
        return side_of_environment(catalog.project, catalog.declared_environment(word))
    file = folder / word
    if FILE.fullmatch(word) and "://" not in word:
        if not file.is_file():
            raise UsageError(
                f"{where}: there is no file {word}", "name an environment, a file, or a quoted requirement"
            )
        return side_of_file(word, file)
    try:
        return side_of_requirement(word, where)
    except ConfigurationError as error:
        hint = did_you_mean(word, catalog.environment_names)
        raise UsageError(
            f"{where}: {word!r} is neither an environment nor a file nor a requirement{hint}",
            "quote a requirement, as in\npipeline env explain 'numpy>=2' whisper",
        ) from error


def _place_of_python(project: ProjectFolder, name: str, requirements_file: Path) -> str:
    """Where the range of an environment stands: in its own file, or in the block of its stage."""
    for file in (project.locate("config", "environments", f"{name}.yaml"), requirements_file):
        text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
        for number, line in enumerate(text.splitlines(), 1):
            if PYTHON_KEYS.match(line):
                return f"{Path(project.shown(file)).as_posix()}:{number}"
    return f"environment {name}"


def _line(asked: RequirementLine) -> Line:
    if asked.is_local:
        raise ConfigurationError(f"{asked.where}: {asked.text} names a file of this machine, which can't be compared")
    return _checked(Line(asked.text.split(" --", 1)[0], asked.where, asked.kind is LineKind.CONSTRAINT))


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


def _options(asked: Iterable[RequirementLine], folder: Path) -> Iterator[str]:
    for each in asked:
        option, _, value = each.text.replace("=", " ", 1).partition(" ")
        if each.kind is LineKind.OPTION and option in ALONE:
            yield option
        elif each.kind is LineKind.OPTION and option in WITH_VALUE:
            # The lines are resolved from a file elsewhere, so that a folder must be named from the root.
            is_folder = option in {"-f", "--find-links"} and "://" not in value
            yield f"{option} {(folder / value.strip()).resolve() if is_folder else value.strip()}"
