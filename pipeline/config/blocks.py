"""The PEP 723 block of a stage's file, with the line of each table and key in it."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.config.source import ConfigurationSource, Keys, read_text
from pipeline.errors import ConfigurationError
from pipeline.script import blocks
from pipeline.values import Struct

TOML_PLACE = re.compile(r" \(at line (\d+), column \d+\)$")


class StageBlock(Struct, frozen=True):
    """The one block of a stage's file."""

    file: Path
    shown_as: str
    line: int  # of the block's first line, "# /// script"
    content: str
    document: Mapping[str, Any]

    @property
    def brings_environment(self) -> bool:
        """Whether it has dependencies, which make an environment of the stage's own."""
        return "dependencies" in self.document

    @property
    def whole(self) -> ConfigurationSource:
        """All of the block, with its lines."""
        return ConfigurationSource(
            self.file, self.shown_as, self.document, {(): self.line, **lines_of(self.content, self.line + 1)}
        )

    def table(self, *keys: str) -> ConfigurationSource | None:
        """One of its tables with its lines, such as ``table("tool", "pipeline")``; ``None`` where it isn't there."""
        value: Any = self.document
        for key in keys:
            if not isinstance(value, dict) or key not in value:
                return None
            value = value[key]
        lines = lines_of(self.content, self.line + 1, keys)
        return ConfigurationSource(self.file, self.shown_as, value, {(): self.line, **lines})


def read(file: Path, root: Path) -> StageBlock:
    """Raises ``ConfigurationError`` where the file can't be read or doesn't have exactly one block of valid TOML."""
    shown_as = str(file.relative_to(root)) if file.is_relative_to(root) else str(file)
    found = blocks(read_text(file, shown_as))
    if len(found) != 1:
        raise ConfigurationError(
            f"{shown_as}: there must be one '# /// script' block with a [tool.pipeline.stage] table, not {len(found)}"
        )
    block = found[0]
    return StageBlock(file, shown_as, block.line, block.content, _parse(block.content, shown_as, block.line))


def _parse(content: str, shown_as: str, start: int) -> Mapping[str, Any]:
    """The block's content, which begins in the line after ``start``."""
    import tomllib

    try:
        return tomllib.loads(content)
    except ValueError as error:
        place = TOML_PLACE.search(str(error))
        line = start + int(place[1]) if place else start
        reason = TOML_PLACE.sub("", str(error))
        raise ConfigurationError(f"{shown_as}:{line}: the script block isn't valid TOML: {reason}") from error


def lines_of(text: str, first: int, below: Keys = ()) -> dict[Keys, int]:
    """Lines by path of keys under the table ``below``; ``first`` is the number of the text's first line.

    ``tomllib`` doesn't say where a key stands. The text is read line by line: what looks like a key inside a string
    of several lines is taken for one. These lines only help a person to find the place.
    """
    lines: dict[Keys, int] = {}
    for keys, number in _places(text, first):
        if keys[: len(below)] == below:
            lines.setdefault(keys[len(below) :], number)
    return lines


def _places(text: str, first: int) -> Iterator[tuple[Keys, int]]:
    table: Keys = ()
    for number, line in enumerate(text.splitlines(), first):
        if line.lstrip().startswith("["):
            table = _path(line) or table
            yield table, number
        elif "=" in line and (keys := _path(f"{line.partition('=')[0]} = 0")):
            yield (*table, *keys), number


def _path(line: str) -> Keys:
    """The keys that one line of TOML goes down; none where it isn't one by itself."""
    import tomllib

    try:
        value: Any = tomllib.loads(line)
    except ValueError:
        return ()
    keys: list[str | int] = []
    while isinstance(value, dict) and value:
        ((key, value),) = value.items()
        keys.append(key)
    return tuple(keys)
