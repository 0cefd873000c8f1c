"""A bundle is looked through before anything of it is written: form, platform, definitions, room."""

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
from pipeline.errors import ConfigurationError, InputUnusable, NotReady
from pipeline.files import nearest
from pipeline.project import Project
from pipeline.sizes import show_size


@dataclass(frozen=True)
class Opened:
    """A bundle whose manifest was found to be one for this machine."""

    bundle: Bundle
    project: Project

    @property
    def environments(self) -> Mapping[str, Any]:
        return dict(self.bundle.manifest["environments"])

    @property
    def models(self) -> Mapping[str, Any]:
        return dict(self.bundle.manifest["models"])

    def members(self, folder: str) -> Iterator[tuple[str, str]]:
        """Names below a folder of the bundle, with the whole ones."""
        for member in self.bundle.manifest["files"]:
            if member.startswith(f"{folder}/"):
                yield member.partition("/")[2], member


def look(project: Project, file: Path, force: bool) -> Opened:
    """Everything that can be told before anything is written. Raises ``InputUnusable``, ``NotReady``, or
    ``ConfigurationError`` where the project defines an environment or a model otherwise."""
    bundle = archive.look(file)
    if errors := schema_errors(bundle.manifest, "bundle"):
        keys, message = errors[0]
        raise InputUnusable(f"{file} isn't a bundle that this version reads: {'.'.join(map(str, keys))}: {message}")
    opened = Opened(bundle, project)
    _require_platform(opened)
    _require_locks(opened)
    if not force:
        _require_same(opened)
    _require_same_models(opened)
    _require_room(opened)
    return opened


def _require_platform(opened: Opened) -> None:
    made, here = opened.bundle.manifest["platform"], sysconfig.get_platform()
    if made != here:
        raise NotReady(
            f"{opened.bundle.file} was made for {made}, and this machine is {here}",
            f"make the bundle on a machine that is {here}: pipeline env bundle {' '.join(opened.environments)} -o FILE",
        )


def _require_locks(opened: Opened) -> None:
    there = {*opened.bundle.manifest["files"], *opened.models}
    for name, environment in opened.environments.items():
        interpreter = [environment["interpreter"]] if environment["interpreter"] else []
        for each in (environment["lock"], *interpreter, *environment["models"]):
            if each not in there:
                raise InputUnusable(f"{opened.bundle.file}: environment '{name}' needs {each}, which isn't in it")


def _require_same(opened: Opened) -> None:
    """What a person has written stays as it is, unless it is the same."""
    for name, member in opened.members("project"):
        there = opened.project.root / name
        if there.is_symlink() or there.exists():
            described = opened.bundle.manifest["files"][member]
            if not there.is_file() or sha256_of_file(there) != described["sha256"]:
                raise ConfigurationError(
                    f"{name} isn't the one that {opened.bundle.file} brings; nothing was changed",
                    f"move it away, or take the bundle's: bootstrap --from-bundle {opened.bundle.file} --force",
                )


def _require_same_models(opened: Opened) -> None:
    """Results are kept by what models hold: a name that stands for other files here keeps its meaning."""
    known = models.load(opened.project)
    for name, entry in opened.models.items():
        if name in known and dict(known[name].files) != entry.get("files"):
            raise ConfigurationError(
                f"config/models.yaml: model '{name}' isn't the one that {opened.bundle.file} brings",
                f"give one of the two another name in config/models.yaml, or take '{name}' out of it",
            )


def _require_room(opened: Opened) -> None:
    """Twice: for the files, and for what is built of them."""
    folder = nearest(opened.project.cache)
    free = shutil.disk_usage(folder).free
    if free < 2 * opened.bundle.size:
        raise NotReady(
            f"{folder} has {show_size(free)} free, and this bundle needs about {show_size(2 * opened.bundle.size)}",
            "make room, for example with pipeline env gc and pipeline cache gc",
        )
