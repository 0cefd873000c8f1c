"""What a person asked for, line by line: a requirements file with what it includes, or the block of a stage file."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pipeline.digests import tagged_digest
from pipeline.errors import ConfigurationError
from pipeline.script import blocks

COMMENT = re.compile(r"(^|\s+)#.*$")
INCLUDE = re.compile(
    r"(?:(?P<require>-r|--requirement)|(?P<constrain>-c|--constraint))(?:[ =]\s*|(?<=-[rc]))(?P<file>\S+)"
)
LOCAL = re.compile(r"(?i)(-e\b|--editable\b|\.{0,2}[/\\]|~|[a-z]:[/\\]|.*@\s*file:|file:|\.{1,2}$)")


class Kind(StrEnum):
    WANTED = "wanted"  # is installed
    BOUND = "bound"  # limits what is installed (of a constraints file)
    OPTION = "option"  # steers the installer


@dataclass(frozen=True)
class Asked:
    text: str  # without comment, its spaces made one
    kind: Kind
    shown_as: str  # the file
    line: int

    @property
    def where(self) -> str:
        return f"{self.shown_as}:{self.line}"

    @property
    def is_local(self) -> bool:
        """Whether it names a file of this machine, which no other machine has."""
        return bool(LOCAL.match(self.text))


def read(file: Path) -> tuple[Asked, ...]:
    """Raises ``ConfigurationError``, with file and line, where a file can't be read or includes itself."""
    base = file.parent.parent  # requirements/ and stages/ lie in the project's folder
    if file.suffix == ".py":
        return tuple(_of_block(file, base))
    return tuple(_of_file(file, base, Kind.WANTED, ()))


def files(file: Path) -> list[Path]:
    """The file, and those that it includes, as far as they are there. Raises ``ConfigurationError``."""
    found = [file] if file.is_file() else []
    for each in found:  # which grows
        inner = (Path(os.path.normpath(each.parent / name)) for name in _included(each))
        found += [one for one in dict.fromkeys(inner) if one.is_file() and one not in found]
    return found


def digest(file: Path | None) -> str | None:
    """Over what is asked for, and nothing that a comment or a stage's code changes. ``None`` where it can't be read."""
    try:
        return tagged_digest("requirements", [[each.kind, each.text] for each in read(file)]) if file else None
    except ConfigurationError:
        return None


def _of_file(file: Path, base: Path, kind: Kind, outer: tuple[Path, ...]) -> Iterator[Asked]:
    shown_as = _shown(file, base)
    for line, text in _logical_lines(_text(file, shown_as)):
        include = _include(text)
        if not include:
            yield Asked(text, Kind.OPTION if text.startswith("-") and not LOCAL.match(text) else kind, shown_as, line)
            continue
        inner = Path(file.parent, include["file"])
        where = f"{shown_as}:{line}"
        if inner in (file, *outer) or len(outer) > 50:
            raise ConfigurationError(f"{where}: this includes a file that it is included by")
        if not inner.is_file():
            raise ConfigurationError(f"{where}: there is no {_shown(inner, base)}")
        yield from _of_file(inner, base, Kind.BOUND if include["constrain"] else kind, (file, *outer))


def _include(text: str) -> re.Match[str] | None:
    """What is included from a server is that server's business."""
    return None if "://" in text else INCLUDE.fullmatch(text)


def _included(file: Path) -> Iterator[str]:
    if file.suffix != ".py":
        found = (_include(text) for _, text in _logical_lines(_text(file, str(file))))
        yield from (include["file"] for include in found if include)


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Each with the number of its first line; a backslash continues one."""
    parts: list[str] = []
    first = 1
    for number, line in enumerate([*text.splitlines(), ""], 1):
        first = first if parts else number
        bare = COMMENT.sub("", line).strip()
        parts.append(bare.removesuffix("\\").strip())
        if bare.endswith("\\"):
            continue
        if whole := " ".join(" ".join(parts).split()):
            yield first, whole
        parts = []


def _of_block(file: Path, base: Path) -> Iterator[Asked]:
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
        # They help a person to find the place; each is looked for after the one before it.
        place = next((index for index in range(place, len(lines)) if text in lines[index]), place)
        yield Asked(" ".join(text.split()), Kind.WANTED, shown_as, block.line + 1 + place)


def _text(file: Path, shown_as: str) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{shown_as}: not UTF-8 text ({error.reason})") from error
    except OSError as error:
        raise ConfigurationError(f"{shown_as}: can't be read: {error.strerror}") from error


def _shown(file: Path, base: Path) -> str:
    return file.relative_to(base).as_posix() if file.is_relative_to(base) else str(file)
