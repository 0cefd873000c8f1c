"""Everything a project defines, loaded when it is asked for and only once."""

from functools import cached_property

from pipeline.config import engines, environments, models, settings, stages, workflows
from pipeline.config.engines import EngineSpec
from pipeline.config.environments import EnvironmentSpec
from pipeline.config.models import ModelSpec
from pipeline.config.settings import Settings
from pipeline.config.source import choose
from pipeline.config.stages import StageSpec
from pipeline.config.workflows import WorkflowSpec
from pipeline.envs.definition import Definition
from pipeline.errors import ConfigurationError
from pipeline.host import hardware
from pipeline.project import Project


class Catalog:
    def __init__(self, project: Project) -> None:
        self.project = project
        self._environments: dict[str, EnvironmentSpec] = {}
        self._stages: dict[str, StageSpec] = {}

    @cached_property
    def settings(self) -> Settings:
        return settings.load(self.project)

    @cached_property
    def accelerator(self) -> str:
        """What variants are chosen for. Asked only where an environment has some: the first look takes seconds."""
        return hardware.accelerator(self.project, self.settings.accelerator)

    @cached_property
    def models(self) -> dict[str, ModelSpec]:
        return models.load(self.project)

    @cached_property
    def engines(self) -> dict[str, EngineSpec]:
        return engines.load(self.project)

    @cached_property
    def environment_names(self) -> list[str]:
        return environments.names(self.project)

    @property
    def workflow_names(self) -> list[str]:
        return workflows.names(self.project)

    def environment(self, name: str) -> Definition:
        """The definition for this machine, with a lock that is there."""
        return self._environment(name).require_lock(self.as_asked(name))

    def as_asked(self, name: str) -> Definition:
        """The definition for this machine, whether it is locked or not."""
        return self._environment(name).chosen(lambda: self.accelerator)

    def variants(self, name: str) -> tuple[Definition, ...]:
        """The definitions for all machines, whether they are locked or not."""
        return self._environment(name).definitions

    def _environment(self, name: str) -> EnvironmentSpec:
        if name not in self._environments:
            choose("environment", name, self.environment_names, "pipeline env list")
            self._environments[name] = environments.load(self.project, name)
        return self._environments[name]

    def provider(self, tool: str) -> Definition | None:
        """The environment that provides a program, if there is one."""
        definitions = [self._definition_or_none(name) for name in self.environment_names]
        return next((each for each in definitions if each and tool in dict(each.provides)), None)

    def _definition_or_none(self, name: str) -> Definition | None:
        """A definition that is broken is told when it is asked for; it mustn't stop those who look for a program."""
        try:
            return self.environment(name)
        except ConfigurationError:
            return None

    def stage(self, name: str) -> StageSpec:
        if name not in self._stages:
            self._stages[name] = stages.load(self.project, name)
        return self._stages[name]

    def workflow(self, name: str) -> WorkflowSpec:
        return workflows.load(self.project, name)

    def model(self, name: str) -> ModelSpec:
        choose("model", name, sorted(self.models), "look into config/models.yaml")
        return self.models[name]
