"""What an environment should be, and what is there."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.digests import sha256_of_bytes


@dataclass(frozen=True)
class Definition:
    """What a person asked for."""

    name: str
    python: str  # a range such as ">=3.10,<3.13"
    lock: Path
    imports: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    provides: tuple[tuple[str, str], ...] = ()
    tool_variables: tuple[tuple[str, str], ...] = ()  # for the provided programs
    description: str = ""

    def lock_digest(self) -> str:
        return sha256_of_bytes(self.lock.read_bytes())

    def promises(self) -> dict[str, Any]:
        """What a build must show beyond its lock. Kept in its record, so that a new promise isn't taken as kept."""
        return {
            "imports": list(self.imports),
            "provides": dict(self.provides),
            "tool_variables": dict(self.tool_variables),
        }


@dataclass(frozen=True)
class Build:
    """One built environment, at the place where it was built and where it stays."""

    name: str
    prefix: Path
    key: str
    record: Mapping[str, Any]  # the ready marker's content

    @property
    def python(self) -> Path:
        return scripts_folder(self.prefix) / ("python.exe" if WINDOWS else "python")

    @property
    def provided_tools(self) -> Path:
        """Folder of the programs that this environment provides to others."""
        return self.prefix / "provides"


WINDOWS = os.name == "nt"


def scripts_folder(prefix: Path) -> Path:
    return prefix / ("Scripts" if WINDOWS else "bin")
