"""What makes a project ready: which environments and models, and a task for each."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.config.catalog import Catalog
from pipeline.config.models import ModelSpec
from pipeline.environments import builder_for
from pipeline.envs.builder.builder import Builder
from pipeline.envs.definition import Definition
from pipeline.envs.registry import misfit
from pipeline.envs.verification import health
from pipeline.media.probe import PROBER
from pipeline.prepare.readiness import locate_all, providers
from pipeline.progress import Progress, quiet
from pipeline.setup.tasks import Task, Wanted

if TYPE_CHECKING:
    from pipeline.envs.external.adoption import Adoption


def tasks(catalog: Catalog, wanted: Wanted, force: bool, offline: bool = False) -> list[Task]:
    """Raises ``ConfigurationError`` for a name that the project doesn't define, before anything is built."""
    definitions, models = chosen(catalog, wanted)
    builder = builder_for(catalog, offline)
    return [
        *(_build(catalog, builder, definition, force) for definition in definitions),
        *(_fetch(catalog, builder.uv, spec, offline) for spec in models),
    ]


def chosen(catalog: Catalog, wanted: Wanted) -> tuple[list[Definition], list[ModelSpec]]:
    """Raises ``ConfigurationError`` for a name that the project doesn't define."""
    if wanted.everything:
        return [catalog.environment(name) for name in catalog.environment_names], list(catalog.models.values())
    if not wanted.environments and not wanted.models:
        return _for_default_workflows(catalog)
    definitions = [catalog.environment(name) for name in wanted.environments]
    models = [*wanted.models, *(name for each in definitions for name in each.models)]
    return _with_providers(catalog, definitions), [catalog.model(name) for name in dict.fromkeys(models)]


def _for_default_workflows(catalog: Catalog) -> tuple[list[Definition], list[ModelSpec]]:
    """Their environments, the providers of tools that PATH doesn't have, and the models of their defaults."""
    from pipeline.prepare import default_workflows

    needs = default_workflows.needs(catalog, _adoption(catalog))
    workflows = [catalog.workflow(name) for name in catalog.settings.default_workflows]
    definitions = [catalog.environment(name) for name in needs.environments]
    own_tools = (PROBER,) if any(workflow.takes_media for workflow in workflows) else ()
    return _with_providers(catalog, definitions, own_tools), [catalog.model(name) for name in needs.models]


def _adoption(catalog: Catalog) -> "Adoption":
    """To see what is there; nothing is settled with it."""
    from pipeline.environments import ProjectVariables
    from pipeline.envs.external.adoption import Adoption
    from pipeline.envs.external.decision import Allowed
    from pipeline.envs.registry import Registry
    from pipeline.jobs import environment_sources

    project = catalog.project
    return Adoption(
        registry=Registry(project.environments),
        notes=environment_sources.notes(project),
        allowed=Allowed(),
        builder=lambda: builder_for(catalog),
        progress=quiet,
        own=ProjectVariables(project),
    )


def _with_providers(
    catalog: Catalog, definitions: Sequence[Definition], own_tools: tuple[str, ...] = ()
) -> list[Definition]:
    tools = {tool for definition in definitions for tool in definition.tools}.union(own_tools)
    located = locate_all(catalog, sorted(tools))
    return list({each.name: each for each in [*definitions, *providers(located)]}.values())


def _build(catalog: Catalog, builder: Builder, definition: Definition, force: bool) -> Task:
    def carry_out(progress: Progress) -> str:
        if definition.lock is None:
            return _checked(catalog, definition, progress)
        if not force and _is_damaged(builder, definition):
            return _repaired(builder, definition, progress)
        build = builder.ensure(definition, progress, force)
        return f"ready, Python {build.record['key_input']['python']}"

    return Task(f"environment {definition.name}", carry_out)


def _is_damaged(builder: Builder, definition: Definition) -> bool:
    """Whether nothing is wrong with what is built but that it isn't any more what was built."""
    build = builder.registry.live(definition.name)
    reason = misfit(definition, build) if build else None
    return build is not None and reason is not None and reason == health.damage(build)


def _repaired(builder: Builder, definition: Definition, progress: Progress) -> str:
    """The cheapest way back: just what is damaged, and all of it only where that doesn't do."""
    from pipeline.envs.repair.repair import repair

    done = repair(builder, definition, progress)
    return f"{done.told}; ready, Python {done.build.python_version}"


def _checked(catalog: Catalog, definition: Definition, progress: Progress) -> str:
    """An environment that somebody else makes is only looked at."""
    from pipeline.environments import ProjectVariables
    from pipeline.envs.external import candidates
    from pipeline.jobs import environment_sources

    return candidates.checked(
        definition, environment_sources.notes(catalog.project), progress, ProjectVariables(catalog.project)
    )


def _fetch(catalog: Catalog, installer: Path, spec: ModelSpec, offline: bool) -> Task:
    def carry_out(progress: Progress) -> str:
        from pipeline.models import fetch
        from pipeline.models.sources import Fetcher
        from pipeline.models.store import ModelStore

        fetch.ensure(ModelStore(catalog.project.models), spec, Fetcher(installer, offline), progress)
        return "ready"

    return Task(f"model {spec.name}", carry_out)
