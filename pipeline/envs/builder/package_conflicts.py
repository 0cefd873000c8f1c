"""What uv installs without a word: packages that aren't for this Python, that need others which the lock doesn't have,
and several that install the same file.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.envs.builder.installer import Installer
from pipeline.envs.definition import Definition
from pipeline.envs.lockfiles.lockfile import marker_environment
from pipeline.envs.verification import content, required_packages, required_python, shared_files
from pipeline.envs.verification.shared_files import SharedFile
from pipeline.errors import NotReady


@dataclass(frozen=True)
class Operation:
    """What is being done, for messages."""

    done: str
    again: str  # the command that does it, without the environment's name
    target: str = ""  # what the command is given in place of that name

    def command(self, definition: Definition) -> str:
        return f"{self.again} {self.target or definition.name}"


BUILD = Operation("built", "bootstrap --env")
LOCK = Operation("locked", "pipeline env lock")


def refuse_other_pythons(
    definition: Definition, ranges: Mapping[str, str], python: str, operation: Operation = BUILD
) -> None:
    """Raises ``NotReady`` where a package's range (by its name) doesn't have this exact version of Python."""
    if excluding := required_python.excluding(ranges, python):
        raise NotReady(
            f"environment '{definition.name}' can't be {operation.done}: {required_python.sentence(excluding, python)}",
            other_python_step(definition),
        )


def refuse_unmet(definition: Definition, site_packages: Path, python: str) -> None:
    """Raises ``NotReady`` where an installed package needs another one that isn't there, or not in a version that fits.

    ``python``: the exact version.
    """
    clauses = required_packages.unmet(required_packages.declared(site_packages), marker_environment(python))
    if clauses:
        raise NotReady(
            f"environment '{definition.name}' can't be built: its lock doesn't have all that its packages need:"
            f" {required_packages.sentence(clauses)}",
            f"pipeline env lock {definition.name}\nand where that changes nothing, name them in"
            f" {_requirements(definition)} and lock it again",
        )


def settle_shared_files(installer: Installer, site_packages: Path) -> dict[str, str]:
    """Let each file that several packages install have the content of the one that the definition prefers.

    Returns these files and the digests that count. Raises ``NotReady`` where the definition doesn't say which one wins,
    and where uv fails.
    """
    definition = installer.definition
    shared = content.shared(site_packages)
    refuse_undecided(definition, shared)
    for package in shared_files.last_installed(shared, definition.preferred):
        installer.sync(reinstall=[package])
    return {name: each.contents[each.first(definition.preferred)] for each in shared for name in each.spellings}


def refuse_undecided(definition: Definition, shared: tuple[SharedFile, ...], operation: Operation = BUILD) -> None:
    """Raises ``NotReady`` for a file that several packages install where the definition doesn't say which one wins."""
    if reason := shared_files.undecided(shared, definition.preferred):
        raise NotReady(
            f"environment '{definition.name}' can't be {operation.done}: {reason}; which one is there would be chance",
            overlap_step(definition, shared, operation),
        )


def other_python_step(definition: Definition) -> str:
    """What a person can do where a package isn't for an environment's Python."""
    return (
        f"choose another version in {_requirements(definition)}, or another range of Python in {definition.path},"
        f" and then\npipeline env lock {definition.name}"
    )


def overlap_step(definition: Definition, shared: tuple[SharedFile, ...], operation: Operation = BUILD) -> str:
    """What a person can do where it isn't said which package wins."""
    owners = shared_files.owners_of(shared, definition.preferred)
    setting = f"overlaps: {{prefer: [{owners[0]}]}}"
    if definition.is_in_stage:
        setting = f'overlaps = {{prefer = ["{owners[0]}"]}} in [tool.pipeline.environment]'
    if operation.target:
        choice = f"remove {' or '.join(owners)} from {operation.target}, or write into it which one wins"
    else:
        choice = (
            f"remove {' or '.join(owners)} from {_requirements(definition)} and lock it again, or write which one wins"
            f" into {definition.path}"
        )
    return f"{choice}, such as\n{setting}\nand then\n{operation.command(definition)}"


def _requirements(definition: Definition) -> str:
    if definition.requirements is None:
        return "its requirements"
    return f"{definition.requirements.parent.name}/{definition.requirements.name}"
