"""An environment's definition: what is asked for, whether it is built or not."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.digests import sha256_of_bytes
from pipeline.envs import python_range


@dataclass(frozen=True)
class Definition:
    """Packages that are locked and built by us, or an external environment (interpreter:) that is used as it is."""

    name: str
    python: str  # a range such as ">=3.10,<3.13"
    lock: Path | None  # of the chosen variant; None where ``interpreter`` is given
    requirements: Path | None = None  # what the lock is made of: a .txt, or a stage's file with its PEP 723 block
    variant: str = ""  # the accelerator that was chosen among several, such as cu128
    index: str = ""  # a package index for the variant's packages, beside the usual one
    interpreter: Path | None = None  # the folder of an external environment, which is never changed
    imports: tuple[str, ...] = ()
    smoke: Path | None = None  # a script that proves more than imports do
    variables: tuple[tuple[str, str], ...] = ()  # templates: {cache}, {models}, {project}, {environment}
    passed: tuple[str, ...] = ()  # the caller's variables that its stages get beside what every stage gets
    tools: tuple[str, ...] = ()
    tool_packages: tuple[tuple[str, str], ...] = ()  # program to the command that installs it
    tool_versions: tuple[tuple[str, tuple[str, ...]], ...] = ()  # program to what it is called with for its version
    models: tuple[str, ...] = ()
    legacy: tuple[Path, ...] = ()  # older external environments that may be used until this one is built
    provides: tuple[tuple[str, str], ...] = ()  # program to its file in site-packages
    tool_variables: tuple[tuple[str, str], ...] = ()  # for the provided programs
    preferred: tuple[str, ...] = ()  # packages, the first one wins a file that several of them install
    build_after: tuple[tuple[str, tuple[str, ...]], ...] = ()  # package to what must be there while it is built
    description: str = ""

    @property
    def locked(self) -> Path:
        """The lock of an environment that we build."""
        assert self.lock is not None, self.name
        return self.lock

    @property
    def is_in_block(self) -> bool:
        """Whether it stands in the block of a Python file."""
        return self.requirements is not None and self.requirements.suffix == ".py"

    @property
    def file(self) -> str:
        """The file that has the definition, in short."""
        if self.requirements is None or not self.is_in_block:
            return f"{self.name}.yaml"
        folder = self.requirements.parent.name
        return f"{folder if folder == 'calculators' else 'stages'}/{self.name}.py"  # a file may be yet to be copied

    @property
    def path(self) -> str:
        """The file that has the definition, from the project's folder."""
        return self.file if self.is_in_block else f"config/environments/{self.file}"

    def python_problem(self, version: str) -> str | None:
        """Why an environment with this exact version of Python doesn't fit; ``None`` where it does."""
        if python_range.contains(self.python, version):
            return None
        return f"it has Python {version}, and {self.python} is asked for"

    def lock_digest(self) -> str:
        """Raises ``OSError`` where the lock can't be read."""
        return sha256_of_bytes(self.locked.read_bytes())

    def acceptance_criteria(self) -> dict[str, Any]:
        """What a build must pass beyond having the packages of its lock, as JSON values.

        They are kept in the build's marker, under "promises": where one is new, the build hasn't passed it.
        """
        return {
            "imports": list(self.imports),
            "provides": dict(self.provides),
            "tool_variables": dict(self.tool_variables),
            # A proof under other variables, or by another script, doesn't count. Absent where there are none, so that
            # markers from before they existed still fit.
            **({"smoke": self._smoke_digest()} if self.smoke else {}),
            **({"variables": dict(self.variables)} if self.variables else {}),
            **({"build_after": {name: list(each) for name, each in self.build_after}} if self.build_after else {}),
            **({"preferred": list(self.preferred)} if self.preferred else {}),
        }

    def _smoke_digest(self) -> str | None:
        try:
            return sha256_of_bytes(self.smoke.read_bytes()) if self.smoke else None
        except OSError:
            return None  # gone since the definition was read; running it will say so
