"""What an environment should be."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.digests import sha256_of_bytes


@dataclass(frozen=True)
class Definition:
    """What a person asked for: packages locked by us, or an environment of theirs that is used as it is."""

    name: str
    python: str  # a range such as ">=3.10,<3.13"
    lock: Path | None  # of the chosen variant; None where ``interpreter`` is given
    requirements: Path | None = None  # what the lock was made of: a .txt, or a stage's file with its PEP 723 block
    variant: str = ""  # the accelerator that was chosen among several, such as cu128
    index: str = ""  # a package index that the variant's packages come from, beside the usual one
    interpreter: Path | None = None  # the folder of an environment that somebody else makes; never changed
    imports: tuple[str, ...] = ()
    smoke: Path | None = None  # a script that proves more than imports do
    variables: tuple[tuple[str, str], ...] = ()  # templates: {cache}, {models}, {project}, {environment}
    tools: tuple[str, ...] = ()
    tool_packages: tuple[tuple[str, str], ...] = ()  # program to the command that installs it
    models: tuple[str, ...] = ()
    legacy: tuple[Path, ...] = ()  # environments from before that may stand in for this one
    provides: tuple[tuple[str, str], ...] = ()
    tool_variables: tuple[tuple[str, str], ...] = ()  # for the provided programs
    description: str = ""

    @property
    def locked(self) -> Path:
        """The lock of an environment that is ours to build."""
        assert self.lock is not None, self.name
        return self.lock

    @property
    def file(self) -> str:
        """Where a person wrote it, in short."""
        by_stage = self.requirements is not None and self.requirements.suffix == ".py"
        return f"stages/{self.name}.py" if by_stage else f"{self.name}.yaml"

    def python_problem(self, version: str) -> str | None:
        """Why an environment with this Python, exact, isn't what is asked for."""
        from packaging.specifiers import SpecifierSet

        if version in SpecifierSet(self.python):
            return None
        return f"it has Python {version}, and {self.python} is wanted"

    def lock_digest(self) -> str:
        return sha256_of_bytes(self.locked.read_bytes())

    def promises(self) -> dict[str, Any]:
        """What a build must show beyond its lock. Kept in its record, so that a new promise isn't taken as kept."""
        return {
            "imports": list(self.imports),
            "provides": dict(self.provides),
            "tool_variables": dict(self.tool_variables),
            # Proved under other variables, or by another script, isn't proved. Absent where there are none, so that
            # records from before they existed hold.
            **({"smoke": self._smoke_digest()} if self.smoke else {}),
            **({"variables": dict(self.variables)} if self.variables else {}),
        }

    def _smoke_digest(self) -> str | None:
        try:
            return sha256_of_bytes(self.smoke.read_bytes()) if self.smoke else None
        except OSError:
            return None  # gone since the definition was read; who runs it tells
