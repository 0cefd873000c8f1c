"""The block of metadata in a Python file. The file is read as text, and never imported.

https://packaging.python.org/en/latest/specifications/inline-script-metadata/
"""

import re
from dataclasses import dataclass

BLOCK = re.compile(r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$")
DEPENDENCIES = re.compile(r"(?m)^\s*(dependencies|\"dependencies\"|'dependencies')\s*=")
TABLE = re.compile(r"(?m)^\s*\[")
STAGE_NAME = re.compile(rb"\bstage\s*\.\s*name\b")


@dataclass(frozen=True)
class Block:
    content: str  # TOML
    line: int  # of ``# /// script``; the content begins in the next one


def blocks(text: str) -> list[Block]:
    """All ``script`` blocks of a file's text; the standard allows one at most."""
    text = text.replace("\r\n", "\n")
    found = [match for match in BLOCK.finditer(text) if match["type"] == "script"]
    return [Block(_content(match["content"]), text.count("\n", 0, match.start()) + 1) for match in found]


def has_dependencies(text: str) -> bool:
    """Whether a file brings its own environment. The TOML isn't parsed, so it may be invalid."""
    return "dependencies" in text and any(
        DEPENDENCIES.search(TABLE.split(block.content, maxsplit=1)[0]) for block in blocks(text)
    )


def reads_stage_name(source: bytes) -> bool:
    """Whether a stage's file, or a module that it shares, says ``stage.name``."""
    return b"name" in source and STAGE_NAME.search(source) is not None


def _content(commented: str) -> str:
    return "".join(line[2:] if line.startswith("# ") else line[1:] for line in commented.splitlines(keepends=True))
