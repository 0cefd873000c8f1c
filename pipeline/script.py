"""The block of metadata in a Python file. The file is read as text, and never imported.

https://packaging.python.org/en/latest/specifications/inline-script-metadata/
"""

import re
from typing import NamedTuple

# Each is compiled where it is first needed: a run needs none of them, or one.
BLOCK = r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$"
DEPENDENCIES = r"(?m)^\s*(dependencies|\"dependencies\"|'dependencies')\s*="
TABLE = r"(?m)^\s*\["
STAGE_NAME = rb"\bstage\s*\.\s*name\b"


class Block(NamedTuple):
    content: str  # TOML
    line: int  # of ``# /// script``; the content begins in the next one


def blocks(text: str) -> list[Block]:
    """All ``script`` blocks of a file's text; the standard allows one at most."""
    text = text.replace("\r\n", "\n")
    found = [match for match in re.finditer(BLOCK, text) if match["type"] == "script"]
    return [Block(_content(match["content"]), text.count("\n", 0, match.start()) + 1) for match in found]


def has_dependencies(text: str) -> bool:
    """Whether a file brings its own environment. The TOML isn't parsed, so it may be invalid."""
    return "dependencies" in text and any(
        re.search(DEPENDENCIES, re.split(TABLE, block.content, maxsplit=1)[0]) for block in blocks(text)
    )


def reads_stage_name(source: bytes) -> bool:
    """Whether a stage's file, or a module that it shares, says ``stage.name``."""
    return b"name" in source and re.search(STAGE_NAME, source) is not None


def _content(commented: str) -> str:
    return "".join(line[2:] if line.startswith("# ") else line[1:] for line in commented.splitlines(keepends=True))
