"""The environment of one stage that is called by itself, and the programs that it needs."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.config.catalog import Catalog
from pipeline.config.stages import StageSpec
from pipeline.envs.build import Build
from pipeline.envs.choice.decision import EnvironmentOptions
from pipeline.envs.choice.finder import JobEnvironment
from pipeline.envs.definition import Definition
from pipeline.jobs import environment_sources
from pipeline.jobs.plan import PlannedStage
from pipeline.plan.planner import PlannedWorkflow
from pipeline.prepare import command_programs, readiness
from pipeline.prepare.environment_finder import finder_for
from pipeline.progress import Progress


@dataclass(frozen=True)
class StageEnvironment:
    """What a stage runs in."""

    definition: Definition
    build: Build
    providers: Mapping[str, Build]  # the environments that provide programs to it, by name


def settle(
    catalog: Catalog, spec: StageSpec, models: Mapping[str, str], allowed: EnvironmentOptions, progress: Progress
) -> StageEnvironment:
    """``models``: slot to the name of a model. Raises ``MissingParts`` where something isn't there, and ``NotReady``
    for a program that a command starts."""
    inspections = environment_sources.deferred_inspection_cache(catalog.project)
    finder = finder_for(catalog, inspections, allowed, progress)
    ready = readiness.check(catalog, PlannedWorkflow((planned(spec, models),), ()), finder)
    readiness.require(ready, list)
    found = {name: finder.settle(each, ready.choices[name]) for name, each in ready.environments.items()}
    inspections.save()
    catalog.save()
    own, providers = found[spec.environment], _providers(spec, found)
    if spec.command:
        command_programs.located(catalog, spec.name, command_programs.folders_of(own.build, providers))
    return StageEnvironment(ready.environments[spec.environment], own.build, providers)


def planned(spec: StageSpec, models: Mapping[str, str]) -> PlannedStage:
    """The stage as a plan would have it, as far as what it needs of the machine goes."""
    return PlannedStage(
        name=spec.name,
        uses=spec.name,
        environment=spec.environment,
        needs=(),
        inputs={},
        parameters={},
        models=dict(models),
        outputs=dict(spec.outputs),
        is_command=spec.command is not None,
        network=spec.policy.get("network", True),
        read_only=spec.policy.get("read_only", False),
    )


def _providers(spec: StageSpec, found: Mapping[str, JobEnvironment]) -> dict[str, Build]:
    return {name: each.build for name, each in found.items() if name != spec.environment}
