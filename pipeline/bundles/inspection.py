"""A bundle is inspected before anything is written: its format, platform and definitions, and the disk space."""

import shlex
import shutil
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.bundles import archive
from pipeline.bundles.archive import Bundle
from pipeline.config import models
from pipeline.config.source import schema_errors
from pipeline.digests import sha256_of_file
from pipeline.errors import ConfigurationError, InputError, NotReady
from pipeline.files import nearest
from pipeline.project import ProjectFolder
from pipeline.sizes import show_size


@dataclass(frozen=True)
class InspectedBundle:
    """A bundle that can be installed in this project, on this machine."""

    archive: Bundle
    project: ProjectFolder

    @property
    def environments(self) -> Mapping[str, Any]:
        return dict(self.archive.manifest["environments"])

    @property
    def models(self) -> Mapping[str, Any]:
        return dict(self.archive.manifest["models"])

    def members(self, folder: str) -> Iterator[tuple[str, str]]:
        """Pairs of a file's name below a folder of the bundle and its whole name."""
        for member in self.archive.manifest["files"]:
            if member.startswith(f"{folder}/"):
                yield member.partition("/")[2], member


def inspect(project: ProjectFolder, file: Path, force: bool) -> InspectedBundle:
    """Check everything that can be checked before anything is written.

    ``force`` replaces definitions that the project has. Raises ``InputError`` for a damaged bundle, ``NotReady`` for
    one that was made for another platform or needs more disk space, and ``ConfigurationError`` where the project
    defines an environment or a model differently.
    """
    content = archive.read(file)
    if errors := schema_errors(content.manifest, "bundle"):
        keys, message = errors[0]
        raise InputError(f"{file} isn't a bundle that this version reads: {'.'.join(map(str, keys))}: {message}")
    bundle = InspectedBundle(content, project)
    _require_platform(bundle)
    _require_locks(bundle)
    if not force:
        _require_same(bundle)
    _require_same_models(bundle)
    _require_room(bundle)
    return bundle


def _require_platform(bundle: InspectedBundle) -> None:
    made, here = bundle.archive.manifest["platform"], sysconfig.get_platform()
    if made != here:
        raise NotReady(
            f"{bundle.archive.file} was made for {made}, and this machine is {here}",
            f"on a machine that is {here}, make a bundle with\npipeline env bundle"
            f" {' '.join(bundle.environments)} -o bundle.tar",
        )


def _require_locks(bundle: InspectedBundle) -> None:
    there = {*bundle.archive.manifest["files"], *bundle.models}
    for name, environment in bundle.environments.items():
        interpreter = [environment["interpreter"]] if environment["interpreter"] else []
        for each in (environment["lock"], *interpreter, *environment["models"]):
            if each not in there:
                raise InputError(f"{bundle.archive.file}: environment '{name}' needs {each}, which isn't in it")


def _require_same(bundle: InspectedBundle) -> None:
    """A person's files aren't replaced by different ones."""
    for name, member in bundle.members("project"):
        there = bundle.project.root / name
        if there.is_symlink() or there.exists():
            described = bundle.archive.manifest["files"][member]
            if not there.is_file() or sha256_of_file(there) != described["sha256"]:
                raise ConfigurationError(
                    f"{name} differs from the one in {bundle.archive.file}; nothing was changed",
                    "move it away, or replace it by the one in the bundle with\n"
                    f"bootstrap --from-bundle {shlex.quote(str(bundle.archive.file))} --force",
                )


def _require_same_models(bundle: InspectedBundle) -> None:
    """A model's name must stand for the same files, since results are stored by the digests of models."""
    known = models.load(bundle.project)
    for name, entry in bundle.models.items():
        if name in known and known[name].is_locked and dict(known[name].files) != entry.get("files"):
            raise ConfigurationError(
                f"config/models.yaml: model '{name}' has other files than the one in {bundle.archive.file}",
                f"give one of the two another name in config/models.yaml, or take '{name}' out of it",
            )


def _require_room(bundle: InspectedBundle) -> None:
    """The size of the bundle, twice: for the files, and for the environments that are built from them."""
    folder = nearest(bundle.project.cache)
    free = shutil.disk_usage(folder).free
    if free < 2 * bundle.archive.size:
        raise NotReady(
            f"{folder} has {show_size(free)} free, and this bundle needs about {show_size(2 * bundle.archive.size)}",
            "make room, for example with\npipeline env gc\npipeline cache gc",
        )
