"""Installing a bundle: its files are verified and put into their places, and its environments built without a network.

A bundle isn't trusted: each file is compared with the manifest, each package with the lock, each model with its digest,
and an interpreter's archive can't write outside of its own folder.
"""

import contextlib
import os
import shlex
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.bundles import archive, pythons
from pipeline.bundles.inspection import InspectedBundle
from pipeline.bundles.wheels import Wheels, pins_for
from pipeline.config.catalog import Catalog
from pipeline.config.models import FolderSource
from pipeline.environments import builder_for
from pipeline.envs import interpreters, uv
from pipeline.envs.builder.builder import Builder
from pipeline.envs.definition import Definition
from pipeline.envs.interpreters import BaseInterpreter
from pipeline.errors import InputError, NotReady
from pipeline.files import sync_folder, write_whole
from pipeline.models import fetch
from pipeline.models.sources import Fetcher
from pipeline.models.store import ModelStore
from pipeline.permissions import share
from pipeline.progress import Progress
from pipeline.setup.tasks import SetupTask


def install(bundle: InspectedBundle, progress: Progress, force: bool) -> list[SetupTask]:
    """Put all files into their places, and return the builds as tasks. ``force`` builds also what is built already.

    Raises ``InputError`` for a damaged or incomplete bundle, ``NotReady`` where a Python or disk space is missing,
    and ``ConfigurationError`` where models can't be added to the project's.
    """
    project = bundle.project
    project.cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=project.cache, prefix=".unbundling-") as folder:
        staged = Path(folder)
        progress("reading and comparing every file")
        _unpack(bundle, staged)
        installer = _installer(bundle, staged)
        _place_interpreters(bundle, staged, installer)
        found = {name: _python(bundle, name, installer) for name in bundle.environments}
        for name in bundle.environments:
            _require_packages(bundle, staged, name, found[name])
        progress("putting the files into their places")
        _place_definitions(bundle, staged)
        catalog = Catalog(project)
        _place_models(bundle, catalog, staged, installer, progress)
        wheels = project.cache / "wheels"
        _place_wheels(bundle, staged, wheels)
    builder = builder_for(catalog, offline=True)
    return [_build(catalog, bundle, name, builder, force) for name in bundle.environments]


def _unpack(bundle: InspectedBundle, staged: Path) -> None:
    try:
        archive.unpack(bundle.archive, staged)
    except OSError as error:
        raise NotReady(
            f"{bundle.archive.file} can't be unpacked: {error.filename or staged}: {error.strerror}", "make room"
        ) from error


def _installer(bundle: InspectedBundle, staged: Path) -> Path:
    """This machine's uv, else the bundle's."""
    with contextlib.suppress(NotReady):
        return uv.find()
    for _, member in bundle.members("uv"):
        _place_uv(staged / member)
    return uv.find()


def _place_uv(wheel: Path) -> None:
    """A wheel is a zip file; uv's program is in its folder of scripts."""
    wanted = f".data/scripts/{uv.PRIVATE.name}"
    with zipfile.ZipFile(wheel) as archive_:
        name = next((name for name in archive_.namelist() if name.endswith((wanted, f"{wanted}.exe"))), None)
        if name is None:
            return
        uv.PRIVATE.parent.mkdir(parents=True, exist_ok=True)
        write_whole(uv.PRIVATE, archive_.read(name))
    uv.PRIVATE.chmod(0o755)


def _place_interpreters(bundle: InspectedBundle, staged: Path, installer: Path) -> None:
    for name, environment in bundle.environments.items():
        if environment["interpreter"] and _found(bundle, name, installer) is None:
            managed = pythons.managed_folder(installer)
            if managed is not None:
                member = environment["interpreter"]
                pythons.unpack(staged / member, Path(member).stem, managed)


def _python(bundle: InspectedBundle, name: str, installer: Path) -> BaseInterpreter:
    """The interpreter that the environment is built on here. Raises ``NotReady`` where there is none that fits."""
    if found := _found(bundle, name, installer):
        return found
    wanted = bundle.environments[name]["python"]
    raise NotReady(
        f"environment '{name}' in {bundle.archive.file} needs Python {_minor(wanted)}, which isn't here; it was made"
        f" with the Python {wanted} of the operating system, which can't be put into a bundle",
        f"install Python {_minor(wanted)}, and then\nbootstrap --from-bundle {shlex.quote(str(bundle.archive.file))}",
    )


def _found(bundle: InspectedBundle, name: str, installer: Path) -> BaseInterpreter | None:
    exact = f"=={_minor(bundle.environments[name]['python'])}.*"
    try:
        found = interpreters.find(Definition(name, exact, None), installer)
    except NotReady:
        return None
    return found if found.abi == bundle.environments[name]["abi"] else None


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _require_packages(bundle: InspectedBundle, staged: Path, name: str, python: BaseInterpreter) -> None:
    """Raises ``InputError`` where a package that the lock wants isn't there with a hash that the lock has."""
    lock = staged / bundle.environments[name]["lock"]
    wanted = pins_for(Definition(name, "", lock), python)
    there = Wheels(staged / "wheels", Path(), 0).available(wanted, python)
    for pin in wanted:
        if pin not in there:
            what = f"{lock.name} needs {pin} for Python {python.version}, and its file is missing or damaged"
            raise InputError(f"{bundle.archive.file}: environment '{name}': {what}", "make the bundle again")


def _place_definitions(bundle: InspectedBundle, staged: Path) -> None:
    if bundle.models:
        _add_models(bundle)
    for name, member in bundle.members("project"):
        data = (staged / member).read_bytes()
        there, target = bundle.project.locate(name), bundle.project.root / name
        if not there.is_file() or there.read_bytes() != data:  # also where what the project extends has another one
            target.parent.mkdir(parents=True, exist_ok=True)
            write_whole(target, data)
            share(target)


def _add_models(bundle: InspectedBundle) -> None:
    from pipeline.config import model_entries, models

    known = {name for name, spec in models.load(bundle.project).items() if spec.is_locked}
    if missing := {name: entry for name, entry in bundle.models.items() if name not in known}:
        model_entries.append(bundle.project, missing)


def _place_models(bundle: InspectedBundle, catalog: Catalog, staged: Path, installer: Path, progress: Progress) -> None:
    store, fetcher = ModelStore(bundle.project.model_store), Fetcher(installer, offline=True)
    for name in bundle.models:
        spec = replace(catalog.model(name), sources=(FolderSource(staged / "models" / name),))
        fetch.ensure(store, spec, fetcher, progress)


def _place_wheels(bundle: InspectedBundle, staged: Path, wheels: Path) -> None:
    wheels.mkdir(parents=True, exist_ok=True)
    for name, member in bundle.members("wheels"):
        os.replace(staged / member, wheels / name)
    sync_folder(wheels)


def _build(catalog: Catalog, bundle: InspectedBundle, name: str, builder: Builder, force: bool) -> SetupTask:
    def carry_out(progress: Progress) -> str:
        definition = catalog.environment(name)
        _require_bundled(bundle, definition)
        # On the minor version whose packages the bundle has: another version in the range needs other files.
        exact = replace(definition, python=f"{definition.python},=={_minor(bundle.environments[name]['python'])}.*")
        return f"ready, Python {builder.ensure(exact, progress, force).python_version}"

    return SetupTask(f"environment {name}", carry_out)


def _require_bundled(bundle: InspectedBundle, definition: Definition) -> None:
    """Raises ``NotReady`` where this machine's hardware needs another variant than the bundled one."""
    member = bundle.environments[definition.name]["lock"]
    expected: Any = bundle.archive.manifest["files"][member]["sha256"]
    if definition.lock is None or definition.lock_digest() != expected:
        wanted = definition.lock.name if definition.lock else "an environment of its own"
        raise NotReady(
            f"environment '{definition.name}' is built from {wanted} on this machine, and the bundle brings"
            f" {Path(member).name}",
            "make the bundle on a machine with the same accelerator",
        )
