"""What goes into a package: a workflow with all files that decide what it does.

The files keep their places: those of the project below ``project/``, and those of the set that it extends below
``extended/``. So each name is looked up as before, also where another version of the tool has another set.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.bundles.archive import Content
from pipeline.bundles.make import authored, shareable
from pipeline.config import ensure, model_figures, shared_modules
from pipeline.config.catalog import Catalog
from pipeline.config.command_stages import CommandSpec
from pipeline.config.stages import StageSpec
from pipeline.config.workflows import WorkflowSpec
from pipeline.digests import sha256_of_bytes, sha256_of_file
from pipeline.envs.definition import Definition
from pipeline.envs.lockfiles import requirements
from pipeline.errors import ConfigurationError, UsageError
from pipeline.packages import entries, model_names
from pipeline.project import ProjectFolder

PROJECT, EXTENDED = "project", "extended"  # folders in a package
PROBER = "ffprobe"  # looks at a movie before its job is planned
HUB = "model-hub"  # the environment that fetches models


@dataclass(frozen=True)
class PackageContents:
    name: str
    files: dict[str, Content] = field(default_factory=dict)  # by the name in the package
    environments: dict[str, dict[str, str]] = field(default_factory=dict)  # digests of locks, by their names in it
    models: dict[str, str] = field(default_factory=dict)  # digests by name, of those that the workflow names
    described: dict[str, str] = field(default_factory=dict)  # the same, of all whose entries are in it

    def member(self, project: ProjectFolder, file: Path) -> str:
        """A file's name in the package. Raises ``UsageError`` for one that lies outside of the project."""
        layer = project.owner(file)
        try:
            place = file.relative_to(layer.root).as_posix()
        except ValueError as error:
            raise UsageError(f"{file} can't be carried: it isn't in the project", "move it into the project") from error
        return f"{PROJECT if layer is project else EXTENDED}/{place}"


def gather(catalog: Catalog, name: str) -> PackageContents:
    """All files of a workflow, without the models' own.

    Raises ``ConfigurationError`` where something of it is wrong or has no lock, ``NotReady`` for a model without a
    lock, and ``UsageError`` for what exists on this machine alone.
    """
    workflow = catalog.workflow(name)
    contents = PackageContents(name)
    collector = _WorkflowFiles(catalog, contents)
    collector.add(workflow.source.path)
    specs = [catalog.stage(use) for use in sorted({use.uses for use in workflow.stages.values()})]
    for spec in specs:
        collector.stage(spec)
    for each in sorted({spec.environment for spec in specs} | set(_providers(catalog, workflow, specs))):
        collector.environment(each)
    collector.models(workflow, specs)
    return contents


@dataclass(frozen=True)
class _WorkflowFiles:
    catalog: Catalog
    contents: PackageContents

    def add(self, file: Path) -> str:
        member = self.contents.member(self.catalog.project, file)
        self.contents.files[member] = shareable(file)
        return member

    def stage(self, spec: StageSpec) -> None:
        owner = self.catalog.project.owner(spec.file)
        modules = (shared_modules.locate(owner, name) for name in spec.modules)
        schemas = (each.schema for each in ensure.parse_promises(spec.ensure).values() if each.schema)
        scripts = spec.command.files.values() if spec.command else ()
        for file in (
            spec.file,
            *(file for module in modules for file in shared_modules.files_of(module)),
            *(owner.locate(schema) for schema in schemas),
            *scripts,
        ):
            self.add(file)

    def environment(self, name: str) -> None:
        if name in self.contents.environments:
            return
        locks = self.contents.environments[name] = {}
        for definition in self.catalog.variants(name):
            _require_portable(definition)
            for file in authored(self.catalog, definition):
                self.add(file)
            locks[self.add(definition.locked)] = _digest(shareable(definition.locked))
            for tool in definition.tools:
                if provider := self.catalog.provider(tool):
                    self.environment(provider.name)

    def models(self, workflow: WorkflowSpec, specs: list[StageSpec]) -> None:
        """Entries and locks of the models that it may use; engines and published figures, where one is chosen."""
        project = self.catalog.project
        chooses = model_names.are_chosen(workflow)
        named = model_names.named(self.catalog, workflow, self.contents.environments)
        described = sorted(self.catalog.models) if chooses else named
        if described and HUB in self.catalog.environment_names:
            self.environment(HUB)
        self._filtered(entries.models(project, set(described)))
        if workflow.decisions:
            self._filtered(entries.engines(project, {spec.name for spec in specs}))
        for layer in project.layers if chooses else ():
            if (figures := layer.config / model_figures.FILE).is_file():
                self.add(figures)
        for name in described:
            lock = project.locate("requirements", "models", f"{name}.lock")
            if lock.is_file():
                self.add(lock)
            spec = self.catalog.model(name)
            if name in named or spec.is_locked:
                self.contents.described[name] = spec.digest  # raises where a named one has no lock
        self.contents.models.update({name: self.contents.described[name] for name in named})

    def _filtered(self, found: Iterator[tuple[Path, bytes]]) -> None:
        for file, content in found:
            self.contents.files[self.contents.member(self.catalog.project, file)] = content


def _providers(catalog: Catalog, workflow: WorkflowSpec, specs: list[StageSpec]) -> Iterator[str]:
    """Environments with programs that a movie or a stage that is a command needs."""
    commands = [spec.command for spec in specs if spec.command]
    programs = [program for command in commands for program in (*command.programs, *_interpreters(command))]
    for program in (*programs, *([PROBER] if workflow.takes_media else [])):
        if provider := catalog.provider(program):
            yield provider.name


def _interpreters(command: CommandSpec) -> tuple[str, ...]:
    try:
        return command.interpreters
    except OSError as error:
        raise ConfigurationError(f"{command.script} can't be read: {error.strerror}") from error


def _require_portable(definition: Definition) -> None:
    if definition.lock is None:
        raise UsageError(
            f"environment '{definition.name}' is an external environment (interpreter:), which no other machine has",
            f"give it requirements and a lock, and then\npipeline env lock {definition.name}",
        )
    if not definition.lock.is_file():
        raise ConfigurationError(
            f"environment '{definition.name}' has no lock requirements/{definition.lock.name} yet",
            f"pipeline env lock {definition.name}",
        )
    lines = requirements.read(definition.requirements) if definition.requirements else ()
    if local := next((line for line in lines if line.is_local), None):
        raise UsageError(
            f"{local.where}: {local.text} is a file of this machine, which no other machine has",
            f"name a package of an index instead, and then\npipeline env lock {definition.name}",
        )


def _digest(content: Content) -> str:
    return sha256_of_bytes(content) if isinstance(content, bytes) else sha256_of_file(content)


def heading(contents: PackageContents) -> dict[str, Any]:
    """What the manifest says of them, beside the files."""
    return {
        "name": contents.name,
        "extends": any(file.startswith(f"{EXTENDED}/") for file in contents.files),
        "environments": dict(sorted(contents.environments.items())),
    }
