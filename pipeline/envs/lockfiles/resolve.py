"""Making a lock: every pin with every hash, for every platform and each Python of the range, by uv.

What is in it is the same wherever it is made: it names no path of the machine, and no index.
"""

import os
import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline import process
from pipeline.envs import uv
from pipeline.envs.definition import Definition
from pipeline.envs.lockfiles import requirements
from pipeline.envs.lockfiles.changes import Change, changes
from pipeline.envs.lockfiles.lockfile import HEADER, LockFile, NotALock, parse
from pipeline.envs.lockfiles.ranges import bounds_beside_the_lowest, lower_bound
from pipeline.envs.lockfiles.requirements import Asked, Kind
from pipeline.errors import ConfigurationError, NotReady
from pipeline.files import write_whole

WORDS = 40  # lines of the resolver's explanation; a long chain of packages is what a person came for


@dataclass(frozen=True)
class Upgrade:
    """Which pins may move although nothing asks for it."""

    everything: bool = False
    packages: tuple[str, ...] = ()

    @property
    def options(self) -> list[str]:
        return ["--upgrade"] * self.everything + [f"--upgrade-package={package}" for package in self.packages]


KEEP = Upgrade()
UNSATISFIABLE = "unsatisfiable"  # the resolver's word where it is the requirements that must change


@dataclass(frozen=True)
class Resolver:
    uv: Path
    root: Path  # the project's, since locks name files relative to it
    time_limit: float  # seconds

    def lock(self, definition: Definition, upgrade: Upgrade = KEEP) -> tuple[Change, ...] | None:
        """Write the definition's lock, whole or not at all. Returns what changed; ``None`` where no byte did.

        Raises ``NotReady`` with the resolver's own explanation; the lock is then as it was.
        """
        before = _bytes_of(definition.locked)
        after = self.resolved(definition, before, upgrade)
        if after == before:
            return None
        write_whole(definition.locked, after)
        return changes(_parsed(before), parse(after.decode("utf-8")))

    def resolved(self, definition: Definition, before: bytes | None, upgrade: Upgrade = KEEP) -> bytes:
        """The lock that the definition's requirements give; pins of the lock ``before`` stay where they fit."""
        assert definition.requirements is not None, definition.name
        asked = requirements.read(definition.requirements)
        _refuse_local(asked)
        with tempfile.TemporaryDirectory(prefix="pipeline-lock-") as folder:
            lock = Path(folder, "new.lock")
            if before is not None and _parsed(before):  # one that was damaged by hand has no pins to keep
                lock.write_bytes(before)
            source = self._source(definition, asked, Path(folder))
            self._compile(definition, source, lock, upgrade)
            text = lock.read_text(encoding="utf-8")
        return _finished(text, definition).encode("utf-8")

    def _source(self, definition: Definition, asked: Sequence[Asked], folder: Path) -> Path:
        """What uv reads: the file itself, or for a stage's block the same lines in a file."""
        assert definition.requirements is not None, definition.name
        if definition.requirements.suffix != ".py":
            return definition.requirements.relative_to(self.root)
        source = folder / "block.txt"
        source.write_text("".join(f"{each.text}\n" for each in asked), encoding="utf-8")
        return source

    def _compile(self, definition: Definition, source: Path, lock: Path, upgrade: Upgrade) -> None:
        folder = lock.parent
        variables = uv.variables(os.environ)
        argv: list[str | Path] = [self.uv, "--directory", self.root, "--project", folder, "pip", "compile", "--quiet"]
        argv += ["--universal", "--generate-hashes", "--no-header", "--no-strip-extras", "--python", sys.executable]
        argv += ["--python-version", lower_bound(definition.python), *uv.index_options(definition.index)]
        argv += [*upgrade.options, source, "-o", lock]
        if marker := " and ".join(bounds_beside_the_lowest(definition.python)):
            # The one way to tell uv of an upper bound. No other configuration of the machine is read, as elsewhere.
            (folder / "pyproject.toml").write_text(f'[tool.uv]\nenvironments = ["{marker}"]\n', encoding="utf-8")
            variables = {**variables, "XDG_CONFIG_HOME": str(folder), "XDG_CONFIG_DIRS": str(folder)}
            del variables["UV_NO_CONFIG"]
        try:
            done = process.run(argv, variables, self.time_limit)
        except process.TimedOut as error:
            raise NotReady(f"environment '{definition.name}' can't be locked: {error}") from error
        if done.returncode:
            raise _explained(definition, done.error_text, folder)


def _explained(definition: Definition, words: str, folder: Path) -> NotReady:
    assert definition.requirements is not None, definition.name
    file = f"{definition.requirements.parent.name}/{definition.requirements.name}"
    told = "\n".join(words.replace(str(folder / "block.txt"), file).splitlines()[-WORDS:])
    left = f"{definition.locked.name} is as it was" if definition.locked.exists() else "no lock was written"
    again = f"pipeline env lock {definition.name}"
    return NotReady(
        f"environment '{definition.name}' can't be locked; {left}:\n{told}",
        f"change {file}, then: {again}" if UNSATISFIABLE in words else f"{again}   tries again",
    )


def _finished(text: str, definition: Definition) -> str:
    """The same words on every machine, and no marker where it says no more than the range does."""
    assert definition.requirements is not None, definition.name
    if definition.requirements.suffix == ".py":
        text = re.sub(r"-r \S*block\.txt$", f"stages/{definition.name}.py", text, flags=re.MULTILINE)
    for bound in bounds_beside_the_lowest(definition.python):
        text = _without(text, bound)
    if "file://" in text:
        raise ConfigurationError(
            f"environment '{definition.name}': what it asks for comes from a folder of this machine",
            "name a version that an index has",
        )
    return f"{HEADER}{definition.python}".rstrip() + f"\n{text}"


def _without(text: str, bound: str) -> str:
    """Markers less what holds for every Python of the range: they have no "not", so it may be left out of any "and"."""
    alone = re.sub(rf" ; {re.escape(bound)}(?= \\$|$)", "", text, flags=re.MULTILINE)
    return alone.replace(f" and {bound}", "").replace(f"{bound} and ", "")


def _refuse_local(asked: Sequence[Asked]) -> None:
    local = next((each for each in asked if each.kind is not Kind.OPTION and each.is_local), None)
    if local:
        raise ConfigurationError(
            f"{local.where}: {local.text} names a file of this machine, which no other has",
            "name a version that an index has",
        )


def _bytes_of(lock: Path) -> bytes | None:
    try:
        return lock.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise NotReady(f"{lock} can't be read: {error.strerror}", "move it away") from error


def _parsed(lock: bytes | None) -> LockFile | None:
    try:
        return parse(lock.decode("utf-8-sig")) if lock is not None else None
    except (NotALock, UnicodeDecodeError):
        return None
