"""What a bundle brings is compared, put into its place, and then built with the network off.

Nothing of it is believed: each file is compared with the manifest, each package with the lock, each model with its
digest, and the interpreter's archive is held to its own folder.
"""

import contextlib
import os
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.bundles import archive, pythons
from pipeline.bundles.inspection import Opened
from pipeline.bundles.wheels import Wheels, needed
from pipeline.config.catalog import Catalog
from pipeline.config.models import FolderSource
from pipeline.environments import builder_for
from pipeline.envs import interpreters, uv
from pipeline.envs.builder.builder import Builder
from pipeline.envs.definition import Definition
from pipeline.envs.interpreters import BaseInterpreter
from pipeline.errors import ConfigurationError, InputUnusable, NotReady
from pipeline.files import sync_folder, write_whole
from pipeline.models import fetch
from pipeline.models.sources import Fetcher
from pipeline.models.store import ModelStore
from pipeline.progress import Progress
from pipeline.setup.tasks import Task


def install(opened: Opened, progress: Progress, force: bool) -> list[Task]:
    """Put everything into its place, and return what is left to do: the builds."""
    project = opened.project
    project.cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=project.cache, prefix=".unbundling-") as folder:
        staged = Path(folder)
        progress("reading and comparing every file")
        _unpack(opened, staged)
        installer = _installer(opened, staged)
        _place_interpreters(opened, staged, installer)
        found = {name: _python(opened, name, installer) for name in opened.environments}
        for name in opened.environments:
            _require_packages(opened, staged, name, found[name])
        progress("putting them into their places")
        _place_definitions(opened, staged)
        catalog = Catalog(project)
        _place_models(opened, catalog, staged, installer, progress)
        wheels = project.cache / "wheels"
        _place_wheels(opened, staged, wheels)
    builder = builder_for(catalog, offline=True)
    return [_build(catalog, opened, name, builder, force) for name in opened.environments]


def _unpack(opened: Opened, staged: Path) -> None:
    try:
        archive.unpack(opened.bundle, staged)
    except OSError as error:
        raise NotReady(
            f"{opened.bundle.file} can't be unpacked: {error.filename or staged}: {error.strerror}", "make room"
        ) from error


def _installer(opened: Opened, staged: Path) -> Path:
    """uv, of this machine; where there is none, the bundle's."""
    with contextlib.suppress(NotReady):
        return uv.find()
    for _, member in opened.members("uv"):
        _place_uv(staged / member)
    return uv.find()


def _place_uv(wheel: Path) -> None:
    """A wheel is a zip, and its program stands in it under scripts."""
    wanted = f".data/scripts/{uv.PRIVATE.name}"
    with zipfile.ZipFile(wheel) as archive_:
        name = next((name for name in archive_.namelist() if name.endswith((wanted, f"{wanted}.exe"))), None)
        if name is None:
            return
        uv.PRIVATE.parent.mkdir(parents=True, exist_ok=True)
        write_whole(uv.PRIVATE, archive_.read(name))
    uv.PRIVATE.chmod(0o755)


def _place_interpreters(opened: Opened, staged: Path, installer: Path) -> None:
    for name, environment in opened.environments.items():
        if environment["interpreter"] and _found(opened, name, installer) is None:
            managed = pythons.managed_folder(installer)
            if managed is not None:
                member = environment["interpreter"]
                pythons.unpack(staged / member, Path(member).stem, managed)


def _python(opened: Opened, name: str, installer: Path) -> BaseInterpreter:
    """The interpreter that the environment is built on here. Raises ``NotReady`` where there is none that fits."""
    if found := _found(opened, name, installer):
        return found
    wanted = opened.environments[name]["python"]
    raise NotReady(
        f"environment '{name}' in {opened.bundle.file} needs Python {_minor(wanted)}, which isn't here; it was made"
        f" with a system's own Python {wanted}, which can't be carried",
        f"install Python {_minor(wanted)}, then bootstrap --from-bundle {opened.bundle.file}"
        f"   or, where the bundle was made: uv python install {_minor(wanted)}, and make it again with that Python",
    )


def _found(opened: Opened, name: str, installer: Path) -> BaseInterpreter | None:
    exact = f"=={_minor(opened.environments[name]['python'])}.*"
    try:
        found = interpreters.find(Definition(name, exact, None), installer)
    except NotReady:
        return None
    return found if found.abi == opened.environments[name]["abi"] else None


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _require_packages(opened: Opened, staged: Path, name: str, python: BaseInterpreter) -> None:
    """Raises ``InputUnusable`` where a package that the lock wants isn't there with a hash that the lock has."""
    lock = staged / opened.environments[name]["lock"]
    wanted = needed(Definition(name, "", lock), python)
    there = Wheels(staged / "wheels", Path(), 0).there(wanted, python)
    for pin in wanted:
        if pin not in there:
            what = f"{pin}, as {lock.name} wants it for Python {python.version}, isn't in it or was altered"
            raise InputUnusable(f"{opened.bundle.file}: environment '{name}': {what}", "make the bundle again")


def _place_definitions(opened: Opened, staged: Path) -> None:
    if opened.models:
        _add_models(opened)
    for name, member in opened.members("project"):
        target = opened.project.root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        data = (staged / member).read_bytes()
        if not target.is_file() or target.read_bytes() != data:
            write_whole(target, data)


def _add_models(opened: Opened) -> None:
    """At the end of config/models.yaml, so that a person's own lines and comments stay as they are."""
    import yaml

    from pipeline.config import models

    file = opened.project.config / "models.yaml"
    missing = {name: entry for name, entry in opened.models.items() if name not in models.load(opened.project)}
    if not missing:
        return
    before = file.read_text(encoding="utf-8") if file.is_file() else ""
    separator = "" if before.endswith("\n") or not before else "\n"
    added = yaml.safe_dump(missing, allow_unicode=True, sort_keys=False)
    write_whole(file, f"{before}{separator}{added}".encode())
    try:
        models.load(opened.project)
    except ConfigurationError as error:
        # One that is written in braces takes no lines at its end.
        write_whole(file, before.encode()) if before else file.unlink()
        raise ConfigurationError(
            f"models can't be added to config/models.yaml: {error.message}", f"add to it by hand:\n{added}"
        ) from error


def _place_models(opened: Opened, catalog: Catalog, staged: Path, installer: Path, progress: Progress) -> None:
    store, fetcher = ModelStore(opened.project.models), Fetcher(installer)
    for name in opened.models:
        spec = replace(catalog.model(name), sources=(FolderSource(staged / "models" / name),))
        fetch.ensure(store, spec, fetcher, progress)


def _place_wheels(opened: Opened, staged: Path, wheels: Path) -> None:
    wheels.mkdir(parents=True, exist_ok=True)
    for name, member in opened.members("wheels"):
        os.replace(staged / member, wheels / name)
    sync_folder(wheels)


def _build(catalog: Catalog, opened: Opened, name: str, builder: Builder, force: bool) -> Task:
    def carry_out(progress: Progress) -> str:
        definition = catalog.environment(name)
        _require_bundled(opened, definition)
        # On the minor version whose files were brought; another one in its range would want others.
        exact = replace(definition, python=f"{definition.python},=={_minor(opened.environments[name]['python'])}.*")
        return f"ready, Python {builder.ensure(exact, progress, force).record['key_input']['python']}"

    return Task(f"environment {name}", carry_out)


def _require_bundled(opened: Opened, definition: Definition) -> None:
    """This machine's hardware may ask for another variant than the one that was bundled."""
    member = opened.environments[definition.name]["lock"]
    expected: Any = opened.bundle.manifest["files"][member]["sha256"]
    if definition.lock is None or definition.lock_digest() != expected:
        wanted = definition.lock.name if definition.lock else "an environment of its own"
        raise NotReady(
            f"environment '{definition.name}' is built from {wanted} on this machine, and the bundle brings"
            f" {Path(member).name}",
            "make the bundle on a machine with the same accelerator",
        )
