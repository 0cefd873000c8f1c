"""What uv installs without a word: packages that aren't for this Python, that need others which the lock doesn't have,
and several that install the same file.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.envs import package_records
from pipeline.envs.builder.installer import Installer
from pipeline.envs.definition import Definition
from pipeline.envs.lockfiles.lockfile import marker_environment
from pipeline.envs.verification import content, required_packages, required_python, shared_files
from pipeline.envs.verification.shared_files import PackageFiles, SharedFile
from pipeline.errors import NotReady
from pipeline.files import ignores_case


@dataclass(frozen=True)
class Operation:
    """What is being done, for messages."""

    done: str
    again: str  # the command that does it, with {name} for the environment's name
    target: str = ""  # what the command is given in place of that name

    def command(self, definition: Definition) -> str:
        return self.again.replace("{name}", self.target or definition.name)


BUILD = Operation("built", "bootstrap --env {name}")
LOCK = Operation("locked", "pipeline env lock {name}")
UNREAD = {".gitignore", "CACHEDIR.TAG"}  # of an environment's own files; nothing that runs in it reads them


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


def settle_shared_files(installer: Installer, site_packages: Path, packages: PackageFiles) -> dict[str, str]:
    """Let each file that several packages install have the content of the one that the definition prefers.

    ``packages``: the files of each. Returns these files and the digests that count. Raises ``NotReady`` where the
    definition doesn't say which one wins, and where uv fails.
    """
    definition = installer.definition
    refuse_files_in_place_of_folders(definition, packages)
    shared = shared_files.shared_files(packages, ignores_case(site_packages))
    refuse_undecided(definition, shared)
    for package in shared_files.last_installed(shared, definition.preferred):
        installer.sync([package])
    digests = {name: each.contents[each.first(definition.preferred)] for each in shared for name in each.spellings}
    return {
        name: content.digest_of(site_packages / name) if digest == shared_files.UNKNOWN else digest
        for name, digest in digests.items()
    }


def refuse_files_in_place_of_folders(
    definition: Definition, packages: PackageFiles, operation: Operation = BUILD
) -> None:
    """Raises ``NotReady`` where a package installs a file and another one a folder of the same name."""
    if reason := shared_files.files_in_place_of_folders(packages):
        raise NotReady(
            f"environment '{definition.name}' can't be {operation.done}: {reason}; which of them is there would be"
            " chance",
            f"remove one of them from {operation.target or _requirements(definition)}, and then"
            f"\n{LOCK.command(definition) if operation == BUILD else operation.command(definition)}",
        )


def refuse_own_files(definition: Definition, packages: PackageFiles, own: Container[str], inside: str) -> None:
    """Raises ``NotReady`` for a package that replaces a file which an environment without packages has.

    ``own``: those files, by path from the environment's folder; ``inside``: that of site-packages.
    """
    for package, files in packages.items():
        for file in files:
            path = package_records.from_prefix(inside, file)
            if path in own and path not in UNREAD:
                raise NotReady(
                    f"environment '{definition.name}' can't be built: {package} installs {path}, which is the"
                    " environment's own",
                    f"choose another version of {package} in {_requirements(definition)}, or report it to who publishes"
                    f" it, and then\n{LOCK.command(definition)}",
                )


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
    if definition.is_in_block:
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
