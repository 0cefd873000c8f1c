"""The PEP 723 block of a stage's file, with the lines of what stands in it."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.config.source import Source, read_text
from pipeline.config.toml_lines import lines_of
from pipeline.errors import ConfigurationError
from pipeline.script import blocks

TOML_PLACE = re.compile(r" \(at line (\d+), column \d+\)$")


@dataclass(frozen=True)
class StageBlock:
    file: Path
    shown_as: str
    line: int  # of the block's first mark
    content: str
    document: Mapping[str, Any]

    @property
    def brings_environment(self) -> bool:
        return "dependencies" in self.document

    @property
    def whole(self) -> Source:
        return Source(self.file, self.shown_as, self.document, {(): self.line, **lines_of(self.content, self.line + 1)})

    def table(self, *keys: str) -> Source | None:
        """One of its tables; ``None`` where it has none of that name."""
        value: Any = self.document
        for key in keys:
            if not isinstance(value, dict) or key not in value:
                return None
            value = value[key]
        lines = lines_of(self.content, self.line + 1, keys)
        return Source(self.file, self.shown_as, value, {(): self.line, **lines})


def read(file: Path, root: Path) -> StageBlock:
    """Raises ``ConfigurationError`` where the file can't be read, or hasn't one block of valid TOML."""
    shown_as = str(file.relative_to(root)) if file.is_relative_to(root) else str(file)
    found = blocks(read_text(file, shown_as))
    if len(found) != 1:
        raise ConfigurationError(
            f"{shown_as}: needs one '# /// script' block with a [tool.pipeline.stage] table, has {len(found)}"
        )
    block = found[0]
    return StageBlock(file, shown_as, block.line, block.content, _parse(block.content, shown_as, block.line))


def _parse(content: str, shown_as: str, start: int) -> Mapping[str, Any]:
    """The block's content, which begins in the line after ``start``."""
    try:
        return tomllib.loads(content)
    except ValueError as error:
        place = TOML_PLACE.search(str(error))
        line = start + int(place[1]) if place else start
        reason = TOML_PLACE.sub("", str(error))
        raise ConfigurationError(f"{shown_as}:{line}: the script block isn't valid TOML: {reason}") from error
