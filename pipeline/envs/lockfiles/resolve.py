"""Making a lock with uv: every pin with every hash, for every platform and each Python of the range.

Its content is the same on every machine: it names no path of the machine, and no index.
"""

import os
import re
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline import process
from pipeline.envs import build_variables, uv
from pipeline.envs.definition import Definition
from pipeline.envs.lockfiles import options, package_settings, requirements
from pipeline.envs.lockfiles.changes import PackageChange, changes
from pipeline.envs.lockfiles.lockfile import HEADER, LockFile, NotALock, Pin, parse
from pipeline.envs.lockfiles.ranges import bounds_beside_the_lowest, lower_bound
from pipeline.envs.lockfiles.requirements import LineKind, RequirementLine
from pipeline.envs.private_file import private_file
from pipeline.envs.uv_settings import UvSettings
from pipeline.envs.variables import OwnVariables, no_variables
from pipeline.errors import ConfigurationError, NotReady
from pipeline.files import write_whole
from pipeline.permissions import share

EXPLANATION_LINES = 40  # of the resolver; a person needs the whole chain of packages


@dataclass(frozen=True)
class Upgrade:
    """The pins that get their newest version, although the old one would still fit."""

    everything: bool = False
    packages: tuple[str, ...] = ()

    @property
    def options(self) -> list[str]:
        return ["--upgrade"] * self.everything + [f"--upgrade-package={package}" for package in self.packages]


Completion = Callable[[Definition, str], str]
Check = Callable[[Definition, bytes], None]
KEEP = Upgrade()
UNSATISFIABLE = "unsatisfiable"  # the resolver's word where it is the requirements that must change


@dataclass(frozen=True)
class LockResolver:
    uv: Path
    root: Path  # the project's: locks name files relative to it
    time_limit: float  # seconds, for each time that uv is asked
    own: OwnVariables = no_variables  # of an environment, for what is built to see what it requires
    complete: Completion = lambda _definition, lock: lock  # adds the hashes that uv leaves out

    def lock(
        self, definition: Definition, upgrade: Upgrade = KEEP, check: Check = lambda _definition, _lock: None
    ) -> tuple[PackageChange, ...] | None:
        """Write the definition's lock, whole or not at all. Returns the changes; ``None`` where no byte changed.

        ``check`` is called before a lock that differs is written; what it raises goes through.
        Raises ``NotReady`` with the resolver's own explanation, and ``ConfigurationError`` for requirements that can't
        be locked; the lock is then as it was.
        """
        before = _bytes_of(definition.locked)
        after = self.resolved(definition, before, upgrade)
        if after == before:
            return None
        check(definition, after)
        definition.locked.parent.mkdir(exist_ok=True)  # a project has none before its first lock
        write_whole(definition.locked, after)
        share(definition.locked)
        return changes(_parsed(before), parse(after.decode("utf-8")))

    def resolved(self, definition: Definition, before: bytes | None, upgrade: Upgrade = KEEP) -> bytes:
        """The lock for the definition's requirements; pins of the lock ``before`` stay where they fit.

        Raises as ``lock``.
        """
        assert definition.requirements is not None, definition.name
        lines = requirements.read(definition.requirements)
        _refuse_local(lines)
        options.check(lines)
        with tempfile.TemporaryDirectory(prefix="pipeline-lock-") as folder:
            lock = Path(folder, "new.lock")
            if before is not None and _parsed(before):  # one that was damaged by hand has no pins to keep
                lock.write_bytes(before)
            source = self._source(definition, lines, Path(folder))
            self._compile(definition, source, lock, upgrade)
            text = lock.read_text(encoding="utf-8")
        return self.complete(definition, _finished(text, definition)).encode("utf-8")

    def _source(self, definition: Definition, lines: Sequence[RequirementLine], folder: Path) -> Path:
        """The file for uv: the requirements file itself, or for a stage's block a file with its lines."""
        assert definition.requirements is not None, definition.name
        if definition.requirements.suffix != ".py":
            return definition.requirements.relative_to(self.root)
        source = folder / "block.txt"
        source.write_text("".join(f"{line.text}\n" for line in lines), encoding="utf-8")
        return source

    def _compile(self, definition: Definition, source: Path, lock: Path, upgrade: Upgrade) -> None:
        """What a package requires may depend on the variables that it is built with, and uv wants them by package.

        So it is asked again as long as it finds packages that it was told no variables of.
        """
        own = self.own(definition, self.root)
        named: set[str] = set()
        while True:
            named |= {pin.name for pin in _pins(lock)}
            settings = package_settings.for_locking(definition, os.environ, own, sorted(named))
            self._ask(definition, source, lock, upgrade, settings)
            if not package_settings.steers_builds(definition, os.environ) or {pin.name for pin in _pins(lock)} <= named:
                return

    def _ask(self, definition: Definition, source: Path, lock: Path, upgrade: Upgrade, packages: UvSettings) -> None:
        folder = lock.parent
        # A package that nothing was known of has its variables from here.
        own = build_variables.of_definition(definition, self.own(definition, self.root))
        variables = uv.variables(os.environ, own=own, names=package_settings.named_variables(definition))
        argv: list[str | Path] = [self.uv, "--directory", self.root, "--project", folder, "pip", "compile", "--quiet"]
        argv += ["--universal", "--generate-hashes", "--no-header", "--no-strip-extras", "--python", sys.executable]
        argv += ["--python-version", lower_bound(definition.python), "--emit-build-options"]
        argv += [*upgrade.options, source, "-o", lock]
        settings = packages.toml()
        if marker := " and ".join(bounds_beside_the_lowest(definition.python)):
            settings += f'environments = ["{marker}"]\n'
        if settings:  # As elsewhere, no other configuration of the machine is read.
            variables = {**variables, "XDG_CONFIG_HOME": str(folder), "XDG_CONFIG_DIRS": str(folder)}
            del variables["UV_NO_CONFIG"]
        try:
            with private_file("pyproject.toml", f"[tool.uv]\n{settings}") as file:
                (folder / "pyproject.toml").unlink(missing_ok=True)
                (folder / "pyproject.toml").symlink_to(file)  # only so can uv get an upper bound
                done = process.run(argv, variables, self.time_limit)
        except process.TimedOut as error:
            raise NotReady(
                f"environment '{definition.name}' can't be locked: {error}", f"pipeline env lock {definition.name}"
            ) from error
        if done.returncode:
            output = package_settings.masked(done.error_text, definition, os.environ)
            raise _explained(definition, output, folder)


def _explained(definition: Definition, output: str, folder: Path) -> NotReady:
    assert definition.requirements is not None, definition.name
    file = f"{definition.requirements.parent.name}/{definition.requirements.name}"
    explanation = "\n".join(output.replace(str(folder / "block.txt"), file).splitlines()[-EXPLANATION_LINES:])
    result = f"{definition.locked.name} is as it was" if definition.locked.exists() else "no lock was written"
    command = f"pipeline env lock {definition.name}"
    return NotReady(
        f"environment '{definition.name}' can't be locked; {result}:\n{explanation}",
        f"change {file}, and then\n{command}" if UNSATISFIABLE in output else f"{command}   tries again",
    )


def _finished(text: str, definition: Definition) -> str:
    """The same text on every machine, without markers that only repeat the definition's range."""
    assert definition.requirements is not None, definition.name
    if definition.requirements.suffix == ".py":
        text = re.sub(r"-r \S*block\.txt$", definition.file, text, flags=re.MULTILINE)
    for bound in bounds_beside_the_lowest(definition.python):
        text = _without(text, bound)
    if "file://" in text:
        raise ConfigurationError(
            f"environment '{definition.name}': what it asks for comes from a folder of this machine",
            "name a version that an index has",
        )
    return f"{HEADER}{definition.python}".rstrip() + f"\n{text}"


def _without(text: str, bound: str) -> str:
    """Take a condition that is true for every Python of the range out of all markers.

    Markers have no "not", so it can be taken out of any "and".
    """
    alone = re.sub(rf" ; {re.escape(bound)}(?= \\$|$)", "", text, flags=re.MULTILINE)
    return alone.replace(f" and {bound}", "").replace(f"{bound} and ", "")


def _refuse_local(lines: Sequence[RequirementLine]) -> None:
    local = next((line for line in lines if line.kind is not LineKind.OPTION and line.is_local), None)
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


def _pins(lock: Path) -> tuple[Pin, ...]:
    """Of a lock that is being made; none where there is none yet."""
    found = _parsed(_bytes_of(lock))
    return found.pins if found else ()


def _parsed(lock: bytes | None) -> LockFile | None:
    try:
        return parse(lock.decode("utf-8-sig")) if lock is not None else None
    except (NotALock, UnicodeDecodeError):
        return None
