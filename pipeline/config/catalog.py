"""Everything that a project defines, each part read when it is first needed, and what reads it imported then.

A program that calls into an environment needs no more than environments and settings, and is ready sooner.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline.config import environments, settings
from pipeline.config.environments import EnvironmentSpec
from pipeline.config.settings import Settings
from pipeline.config.source import require_name
from pipeline.envs.definition import Definition
from pipeline.errors import ConfigurationError
from pipeline.project import ProjectFolder

if TYPE_CHECKING:
    from pipeline.config.engines import EngineSpec
    from pipeline.config.model_figures import FigureTable
    from pipeline.config.models import ModelSpec
    from pipeline.config.stages import StageSpec
    from pipeline.config.workflows import WorkflowSpec
    from pipeline.host.hardware import HardwareReport


class Catalog:
    """A project's definitions. What was read once stays as it is, whatever happens to the file.

    Every property and method raises ``ConfigurationError``, with file, line and key, where a file is wrong.
    """

    def __init__(self, project: ProjectFolder, saves: bool = True) -> None:
        """With ``saves=False``, nothing is written before ``save``: a look at the hardware is kept in memory."""
        self.project = project
        self._saves = saves
        self._environments: dict[str, EnvironmentSpec] = {}
        self._stages: dict[str, StageSpec] = {}

    @cached_property
    def settings(self) -> Settings:
        return settings.load(self.project)

    @cached_property
    def accelerator(self) -> str:
        """The accelerator for which variants are chosen: ``cpu``, ``cu128``, and so on.

        To detect it may take seconds, so only an environment that has variants leads here.
        """
        from pipeline.host import hardware

        return hardware.accelerator(self.settings.accelerator, lambda: self._hardware)

    @cached_property
    def _hardware(self) -> "HardwareReport":
        from pipeline.host import hardware

        report = hardware.report(self.project)
        return hardware.save(self.project, report) if self._saves else report

    def save(self) -> None:
        """Write what was found out about this machine, so that it needn't be detected again."""
        if "_hardware" in vars(self):
            from pipeline.host import hardware

            self._hardware = hardware.save(self.project, self._hardware)

    @cached_property
    def models(self) -> "dict[str, ModelSpec]":
        """By name."""
        from pipeline.config import models

        return models.load(self.project)

    @cached_property
    def model_figures(self) -> "FigureTable":
        """What is published of recognition models."""
        from pipeline.config import model_figures

        return model_figures.load(self.project)

    @cached_property
    def engines(self) -> "dict[str, EngineSpec]":
        """By name."""
        from pipeline.config import engines

        return engines.load(self.project)

    @cached_property
    def environment_names(self) -> list[str]:
        return environments.names(self.project)

    @property
    def workflow_names(self) -> list[str]:
        from pipeline.config import workflows

        return workflows.names(self.project)

    @property
    def stage_names(self) -> list[str]:
        from pipeline.config import stages

        return stages.names(self.project)

    def environment(self, name: str) -> Definition:
        """The definition for this machine. Its lock exists.

        Raises ``ConfigurationError`` for an unknown name, a wrong file, a machine that no variant suits, and for a lock
        that was not made yet.
        """
        return self._environment(name).require_lock(self.declared_environment(name))

    def declared_environment(self, name: str) -> Definition:
        """As ``environment``, but its lock may be missing."""
        return self._environment(name).for_machine(lambda: self.accelerator)

    def variants(self, name: str) -> tuple[Definition, ...]:
        """The definitions for all machines; their locks may be missing. Raises as ``declared_environment`` does."""
        return self._environment(name).definitions

    def _environment(self, name: str) -> EnvironmentSpec:
        if name not in self._environments:
            require_name("environment", name, self.environment_names, "pipeline env list")
            self._environments[name] = environments.load(self.project, name)
        return self._environments[name]

    def provider(self, tool: str) -> Definition | None:
        """The first environment, by name, that provides a program, the project's own before those that it extends;
        ``None`` where there is none.

        An environment with a wrong file is passed over: its error is for whoever needs that environment.
        """
        names = self.environment_names
        if self.project.extended:
            names = sorted(names, key=lambda name: environments.layer_of(self.project, name) is not self.project)
        definitions = [self._definition_or_none(name) for name in names]
        return next((each for each in definitions if each and tool in dict(each.provides)), None)

    def _definition_or_none(self, name: str) -> Definition | None:
        try:
            return self.environment(name)
        except ConfigurationError:
            return None

    def stage(self, name: str) -> "StageSpec":
        """Raises ``ConfigurationError`` for an unknown name and for a wrong block in the stage's file."""
        if name not in self._stages:
            from pipeline.config import stages

            self._stages[name] = stages.load(self.project, name)
        return self._stages[name]

    def workflow(self, name: str) -> "WorkflowSpec":
        """Raises ``ConfigurationError`` for an unknown name and for a wrong file."""
        from pipeline.config import workflows

        return workflows.load(self.project, name)

    def model(self, name: str) -> "ModelSpec":
        """Raises ``ConfigurationError`` for an unknown name and for a wrong ``config/models.yaml``."""
        require_name("model", name, sorted(self.models), "pipeline model list")
        return self.models[name]

    def with_models(self, specs: "Iterable[ModelSpec]") -> "Catalog":
        """The same project with more models, such as those in folders that a person names for one job."""
        return _ExtendedCatalog(self, specs)

    def with_functions(self, workflow: "WorkflowSpec", functions: "Iterable[StageSpec]") -> "Catalog":
        """The same project with a workflow of one job, and the functions that are stages of it."""
        return _ExtendedCatalog(self, (), workflow, functions)

    @property
    def functions(self) -> dict[str, str]:
        """The sources of the functions that are stages, by their names."""
        return {}


class _ExtendedCatalog(Catalog):
    """Reads by way of the catalog that it extends, so that nothing is read for each job again."""

    def __init__(
        self,
        catalog: Catalog,
        specs: "Iterable[ModelSpec]",
        workflow: "WorkflowSpec | None" = None,
        functions: "Iterable[StageSpec]" = (),
    ) -> None:
        super().__init__(catalog.project)
        self._catalog = catalog
        self._more = {spec.name: spec for spec in specs}
        self._workflow = workflow
        self._functions = {spec.name: spec for spec in functions}

    @cached_property
    def models(self) -> "dict[str, ModelSpec]":
        return {**self._catalog.models, **self._more}

    def stage(self, name: str) -> "StageSpec":
        return self._functions.get(name) or self._catalog.stage(name)

    def workflow(self, name: str) -> "WorkflowSpec":
        if self._workflow and self._workflow.name == name:
            return self._workflow
        return self._catalog.workflow(name)

    @property
    def functions(self) -> dict[str, str]:
        own = {name: spec.source for name, spec in self._functions.items() if spec.source is not None}
        return {**self._catalog.functions, **own}

    def save(self) -> None:
        self._catalog.save()

    def _environment(self, name: str) -> EnvironmentSpec:
        return self._catalog._environment(name)  # noqa: SLF001  # of the same class

    @property
    def settings(self) -> Settings:
        return self._catalog.settings

    @property
    def accelerator(self) -> str:
        return self._catalog.accelerator

    @property
    def model_figures(self) -> "FigureTable":
        return self._catalog.model_figures

    @property
    def engines(self) -> "dict[str, EngineSpec]":
        return self._catalog.engines

    @property
    def environment_names(self) -> list[str]:
        return self._catalog.environment_names
