"""A package is read and compared as a whole before anything of it is written. Nothing in it is trusted."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline import __version__
from pipeline.bundles import archive
from pipeline.bundles.archive import Bundle
from pipeline.config.source import schema_errors
from pipeline.digests import tagged_digest
from pipeline.errors import InputError, NotReady
from pipeline.project import MARKER, PLACES
from pipeline.text import printable

SCHEMA = 1
KIND = "package"
ENVIRONMENTS = "environments.tar"  # a bundle of environments
LAYERS = ("project", "extended")
AGAIN = "get the package again, from whoever made it"
# What commands write into a project: a package that brought one could pretend that it is a build, a result, a job.
MADE = {*PLACES, *PLACES.values(), "extended", "carried", "package.json"}


@dataclass(frozen=True)
class CarriedPackage:
    """A package that is whole and that this version of the tool can run."""

    archive: Bundle

    @property
    def manifest(self) -> Mapping[str, Any]:
        return self.archive.manifest

    @property
    def name(self) -> str:
        """Of its workflow."""
        return str(self.manifest["name"])

    @property
    def digest(self) -> str:
        """Hexadecimal, of all that the manifest says, so of every file."""
        return tagged_digest("package", self.manifest).removeprefix("sha256:")

    @property
    def identity(self) -> str:
        """The name of its folder: two packages of one name have two folders."""
        return f"{self.name}-{self.digest[:12]}"


def read(file: Path) -> CarriedPackage:
    """Raises ``InputError`` for what isn't a whole package, and ``NotReady`` for one that needs a newer tool."""
    found = archive.read(file)
    _require_version(file, found.manifest)
    if errors := schema_errors(found.manifest, "package"):
        keys, message = errors[0]
        raise InputError(f"{file} isn't a package that this version reads: {_shown(keys)}: {message}", AGAIN)
    for name in found.manifest["files"]:
        if is_refused(name):
            raise InputError(f"{file} is refused: {printable(name)} isn't a file that a package can bring", AGAIN)
    _require_references(file, found.manifest)
    archive.verify(found)
    return CarriedPackage(found)


def is_refused(member: str) -> bool:
    """Whether a file isn't one that people write: it is hidden, a setting, or what commands make."""
    layer, _, place = member.partition("/")
    if layer not in LAYERS:
        return False
    parts = place.casefold().split("/")
    is_made = parts[0] in MADE or place.casefold() in {MARKER.as_posix(), "config/hardware_cache.json"}
    return is_made or any(part.startswith(".") for part in parts)


def _require_version(file: Path, manifest: Mapping[str, Any]) -> None:
    """First, since a newer version may have other keys."""
    if manifest.get("kind") != KIND:
        step = f"bootstrap --from-bundle {file}" if manifest.get("kind") == "environment-bundle" else AGAIN
        raise InputError(f"{file} isn't a package", step)
    schema, least = manifest.get("schema"), manifest.get("requires")
    if isinstance(least, str) and _is_newer(least):
        raise NotReady(
            f"{file} needs pipeline {printable(least)} or newer, and this is {__version__}",
            f"install pipeline {printable(least)} or newer",
        )
    if isinstance(schema, int) and schema > SCHEMA:
        raise NotReady(
            f"{file} has a manifest of schema {schema}, and this pipeline, {__version__}, reads none after {SCHEMA}",
            "install a newer pipeline",
        )


def _is_newer(version: str) -> bool:
    """Whether it is a version, and newer than this one."""
    from packaging.version import InvalidVersion, Version

    try:
        return Version(version) > Version(__version__)
    except InvalidVersion:
        return False  # the schema says what is wrong


def _require_references(file: Path, manifest: Mapping[str, Any]) -> None:
    """Raises ``InputError`` where the manifest speaks of files in another way than it lists them."""
    files = manifest["files"]
    workflow = f"config/workflows/{manifest['name']}.yaml"
    if not any(f"{layer}/{workflow}" in files for layer in LAYERS):
        raise InputError(f"{file} is refused: it has no {workflow}", AGAIN)
    for environment, locks in manifest["environments"].items():
        for name, digest in locks.items():
            if files.get(name, {}).get("sha256") != digest:
                raise InputError(f"{file} is refused: the lock {printable(name)} of '{environment}' isn't in it", AGAIN)
    for member in files:
        if member.startswith("models/") and not manifest["models"].get(member.split("/")[1], {}).get("inside"):
            raise InputError(f"{file} is refused: {printable(member)} is of no model that it has", AGAIN)
    if (ENVIRONMENTS in files) != (manifest["platform"] is not None):
        raise InputError(f"{file} is refused: its platform and {ENVIRONMENTS} don't go together", AGAIN)
    if manifest["extends"] != any(member.startswith("extended/") for member in files):
        raise InputError(f"{file} is refused: 'extends' and its files don't go together", AGAIN)


def _shown(keys: tuple[str | int, ...]) -> str:
    return printable(".".join(map(str, keys))) or "the manifest"
