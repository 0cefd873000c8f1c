"""Making a bundle: all that some environments need on a machine without a network, in one file."""

import errno
import re
import shutil
import sysconfig
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline import extensions
from pipeline.bundles import archive, pythons
from pipeline.bundles.archive import Content
from pipeline.bundles.prefetch import wheels_of
from pipeline.bundles.wheels import Wheels
from pipeline.config import model_entries
from pipeline.config.catalog import Catalog
from pipeline.config.model_locks import COMMIT
from pipeline.config.models import HubSource, ModelSpec
from pipeline.envs import interpreters, uv
from pipeline.envs.definition import Definition
from pipeline.envs.lockfiles import requirements
from pipeline.envs.packages.package_files import SOURCES
from pipeline.errors import NotReady, PipelineError, UsageError
from pipeline.models import fetch, lock_update
from pipeline.models.fetcher import fetcher_for
from pipeline.models.store import ModelStore
from pipeline.progress import Progress
from pipeline.sizes import show_size
from pipeline.text import USER_INFO

UV_LOCK = extensions.FOLDER / "requirements" / "uv.lock"


@dataclass(frozen=True)
class Contents:
    environments: dict[str, dict[str, Any]] = field(default_factory=dict)  # by name, as the manifest has them
    models: dict[str, Any] = field(default_factory=dict)  # by name, as config/models.yaml has them
    members: dict[str, Content] = field(default_factory=dict)  # by the name in the bundle


def make(
    catalog: Catalog, names: Sequence[str], target: Path, progress: Progress, models: Sequence[str] = ()
) -> Contents:
    """Fetch the packages and models that aren't here yet, and write a bundle of these environments to ``target``, with
    these models beside those that the environments name.

    Raises ``NotReady`` where something can't be fetched or written, and ``UsageError`` for an external environment.
    """
    for name in models:
        catalog.model(name)  # raises, with a suggestion
    definitions = [catalog.environment(name) for name in dict.fromkeys(names)]
    for definition in definitions:
        if definition.lock is None:
            raise UsageError(
                f"environment '{definition.name}' is an external environment (interpreter:), which can't be bundled",
                "leave it out; this shows all environments\npipeline env list",
            )
    installer = uv.find()
    scratch = catalog.project.cache
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch, prefix=".bundle-") as folder:
        collector = _Collector(catalog, wheels_of(catalog, installer), Path(folder), progress, models)
        managed = pythons.managed_folder(installer)
        for definition in definitions:
            collector.environment(definition, managed)
        collector.models()
        collector.installer()
        progress(f"writing {target}")
        _write(target, collector.contents)
    return collector.contents


@dataclass(frozen=True)
class _Collector:
    catalog: Catalog
    wheels: Wheels
    scratch: Path
    progress: Progress
    chosen: Sequence[str]  # models that no environment names
    contents: Contents = field(default_factory=Contents)

    def environment(self, definition: Definition, managed: Path | None) -> None:
        python = interpreters.find(definition, self.wheels.uv)
        files = self.wheels.fetch(definition, python, lambda step: self.progress(f"{definition.name}: {step}"))
        _require_wheels(definition, files)
        members = self.contents.members
        members.update({f"wheels/{file.name}": file for file in files})
        members.update({self._member(file): shareable(file) for file in authored(self.catalog, definition)})
        self.contents.environments[definition.name] = {
            "python": python.version,
            "abi": python.abi,
            "interpreter": self._interpreter(pythons.home(python, managed)),
            "lock": self._member(definition.locked),
            "models": list(definition.models),
        }

    def models(self) -> None:
        of_environments = {name for each in self.contents.environments.values() for name in each["models"]}
        names = sorted(of_environments | set(self.chosen))
        if not names:
            return
        project = self.catalog.project
        entries = model_entries.read(project)
        store, fetcher = ModelStore(project.model_store), fetcher_for(self.catalog)
        for name in names:
            spec = self.catalog.model(name)
            if not spec.is_locked:
                spec = lock_update.with_lock(spec, lock_update.lock(project, spec, fetcher, self.progress).now)
            folder = fetch.ensure(store, spec, fetcher, self.progress)
            self.contents.models[name] = _pinned(entries[name], spec)
            self.contents.members.update({f"models/{name}/{file}": folder / file for file in spec.files})

    def installer(self) -> None:
        """uv itself, for a machine that has none."""
        definition = Definition("uv", ">=3.8", UV_LOCK)
        try:
            python = interpreters.find(definition, self.wheels.uv)
            fetched = self.wheels.fetch(definition, python, self.progress) if UV_LOCK.is_file() else []
        except PipelineError as error:
            self.progress(f"the bundle has no uv, so the other machine needs one: {error.message.splitlines()[0]}")
            return
        self.contents.members.update({f"uv/{file.name}": file for file in fetched})

    def _interpreter(self, home: Path | None) -> str | None:
        if home is None:
            return None
        member = f"python/{home.name}.tar"
        if member not in self.contents.members:
            self.progress(f"packing {home.name}")
            pythons.pack(home, self.scratch / f"{home.name}.tar")
            self.contents.members[member] = self.scratch / f"{home.name}.tar"
        return member

    def _member(self, file: Path) -> str:
        try:
            return f"project/{file.relative_to(self.catalog.project.owner(file).root).as_posix()}"
        except ValueError as error:
            raise NotReady(f"{file} can't be bundled: it isn't in the project", "move it into the project") from error


def _pinned(entry: dict[str, Any], spec: ModelSpec) -> dict[str, Any]:
    """A model's entry with what its lock says, since digests are those of one commit."""
    sources = [
        {**each, "revision": source.revision} if isinstance(source, HubSource) else each
        for each, source in zip(entry["sources"], spec.sources, strict=True)
        if not isinstance(source, HubSource) or COMMIT.fullmatch(source.revision)  # another repository, never locked
    ]
    license_ = {"license": spec.license} if spec.license else {}
    return {**entry, **license_, "files": dict(spec.files), "sources": sources}


def _require_wheels(definition: Definition, files: Sequence[Path]) -> None:
    if sources := [file.name for file in files if file.name.endswith(SOURCES)]:
        raise NotReady(
            f"environment '{definition.name}' can't be bundled: {sources[0]} exists only as source, and to build"
            " it takes tools that aren't in its lock",
            f"choose another version in its requirements, and then\npipeline env lock {definition.name}",
        )


def authored(catalog: Catalog, definition: Definition) -> Iterator[Path]:
    """The files that a person wrote for an environment, and its lock."""
    described = catalog.project.locate("config", "environments", f"{definition.name}.yaml")
    yield from (path for path in (described, definition.smoke) if path is not None and path.is_file())
    yield from requirements.files(definition.requirements or definition.locked.with_suffix(".txt"))
    yield definition.locked


def shareable(file: Path) -> Content:
    """The file, or its content without the passwords of indexes: a bundle is given to others, and needs no index."""
    data = file.read_bytes()
    text = data.decode("utf-8", "surrogateescape")
    safe = re.sub(USER_INFO, r"\1", text)
    return file if safe == text else safe.encode("utf-8", "surrogateescape")


def _write(target: Path, contents: Contents) -> None:
    heading = {
        "schema": 1,
        "kind": "environment-bundle",
        "platform": sysconfig.get_platform(),
        "environments": dict(sorted(contents.environments.items())),
        "models": contents.models,
    }
    try:
        archive.write(target, heading, contents.members)
    except OSError as error:
        room = error.errno == errno.ENOSPC and f"; {show_size(shutil.disk_usage(target.parent).free)} are free there"
        raise NotReady(f"{target} can't be written: {error.strerror}{room or ''}", "choose another place") from error
