"""The requirements of an environment, line by line: a file with the files that it includes, or a stage's block."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pipeline.digests import tagged_digest
from pipeline.errors import ConfigurationError
from pipeline.script import blocks

# Compiled when a line first asks for them, which few do; who calls into an environment waits for it.
COMMENT = r"(^|\s+)#.*$"
INCLUDE = r"(?:(?P<require>-r|--requirement)|(?P<constrain>-c|--constraint))(?:[ =]\s*|(?<=-[rc]))(?P<file>\S+)"
LOCAL = r"(?i)(-e\b|--editable\b|\.{0,2}[/\\]|~|[a-z]:[/\\]|.*@\s*file:|file:|\.{1,2}$)"


class LineKind(StrEnum):
    """The values are part of digests in builds' markers."""

    REQUIREMENT = "wanted"  # is installed
    CONSTRAINT = "bound"  # limits the versions that are installed
    OPTION = "option"  # configures the installer


@dataclass(frozen=True)
class RequirementLine:
    text: str  # without comment, and with single spaces
    kind: LineKind
    shown_as: str  # the file
    line: int

    @property
    def where(self) -> str:
        return f"{self.shown_as}:{self.line}"

    @property
    def is_local(self) -> bool:
        """Whether it names a file of this machine, which no other machine has."""
        return re.match(LOCAL, self.text) is not None


def read(file: Path) -> tuple[RequirementLine, ...]:
    """Raises ``ConfigurationError``, with file and line, where a file can't be read or includes itself."""
    base = file.parent.parent  # requirements/ and stages/ lie in the project's folder
    if file.suffix == ".py":
        return tuple(_of_block(file, base))
    return tuple(_of_file(file, base, LineKind.REQUIREMENT, ()))


def files(file: Path) -> list[Path]:
    """The file and those that it includes, without those that aren't there. Raises ``ConfigurationError``."""
    result = [file] if file.is_file() else []
    for each in result:  # grows meanwhile
        inner = (Path(os.path.normpath(each.parent / name)) for name in _included(each))
        result += [one for one in dict.fromkeys(inner) if one.is_file() and one not in result]
    return result


def digest(file: Path | None) -> str | None:
    """A digest of the lines, which a comment or a stage's code doesn't change. ``None`` where they can't be read."""
    try:
        return tagged_digest("requirements", [[each.kind, each.text] for each in read(file)]) if file else None
    except ConfigurationError:
        return None


def _of_file(file: Path, base: Path, kind: LineKind, outer: tuple[Path, ...]) -> Iterator[RequirementLine]:
    shown_as = _shown(file, base)
    for line, text in _logical_lines(_text(file, shown_as)):
        include = _include(text)
        if not include:
            is_option = text.startswith("-") and not re.match(LOCAL, text)
            yield RequirementLine(text, LineKind.OPTION if is_option else kind, shown_as, line)
            continue
        inner = Path(file.parent, include["file"])
        where = f"{shown_as}:{line}"
        if inner in (file, *outer) or len(outer) > 50:
            step = f"take this line out of {shown_as}, or out of the other file"
            raise ConfigurationError(f"{where}: this includes a file that it is included by", step)
        if not inner.is_file():
            lacking = _shown(inner, base)
            step = f"write {lacking}, or take this line out of {shown_as}"
            raise ConfigurationError(f"{where}: there is no {lacking}", step)
        yield from _of_file(inner, base, LineKind.CONSTRAINT if include["constrain"] else kind, (file, *outer))


def _include(text: str) -> re.Match[str] | None:
    """The parts of a line that includes a file of this machine; a file from a server is left to the installer."""
    return re.fullmatch(INCLUDE, text) if text.startswith("-") and "://" not in text else None


def _included(file: Path) -> Iterator[str]:
    if file.suffix != ".py":
        includes = (_include(text) for _, text in _logical_lines(_text(file, str(file))))
        yield from (include["file"] for include in includes if include)


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Each line with its number; lines that a backslash joins are one, with the number of the first."""
    parts: list[str] = []
    first = 1
    for number, line in enumerate([*text.splitlines(), ""], 1):
        first = first if parts else number
        bare = (re.sub(COMMENT, "", line) if "#" in line else line).strip()
        parts.append(bare.removesuffix("\\").strip())
        if bare.endswith("\\"):
            continue
        if whole := " ".join(" ".join(parts).split()):
            yield first, whole
        parts = []


def _of_block(file: Path, base: Path) -> Iterator[RequirementLine]:
    import tomllib

    shown_as = _shown(file, base)
    block = next(iter(blocks(_text(file, shown_as))), None)
    if block is None:
        raise ConfigurationError(f"{shown_as}: has no '# /// script' block")
    try:
        dependencies = tomllib.loads(block.content).get("dependencies", ())
    except ValueError as error:
        raise ConfigurationError(f"{shown_as}:{block.line}: the script block isn't valid TOML: {error}") from error
    lines = block.content.splitlines()
    place = next((index for index, line in enumerate(lines) if "dependencies" in line), 0)
    for text in map(str, dependencies):
        # Line numbers are only for a person. TOML gives none, so each text is searched for after the one before it.
        place = next((index for index in range(place, len(lines)) if text in lines[index]), place)
        yield RequirementLine(" ".join(text.split()), LineKind.REQUIREMENT, shown_as, block.line + 1 + place)


def _text(file: Path, shown_as: str) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{shown_as}: not UTF-8 text ({error.reason})", f"save {shown_as} as UTF-8") from error
    except OSError as error:
        raise ConfigurationError(f"{shown_as}: can't be read: {error.strerror}") from error


def _shown(file: Path, base: Path) -> str:
    return file.relative_to(base).as_posix() if file.is_relative_to(base) else str(file)
