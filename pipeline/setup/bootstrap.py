"""Making a project ready: which environments and models it needs, and a task for each."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.config.catalog import Catalog
from pipeline.config.models import ModelSpec
from pipeline.environments import builder_for, registry_of
from pipeline.envs.build import Build
from pipeline.envs.builder.builder import Builder
from pipeline.envs.definition import Definition
from pipeline.envs.registry import Registry, build_problem
from pipeline.envs.verification import health
from pipeline.media.probe import PROBER
from pipeline.models.fetcher import fetcher_for
from pipeline.prepare.readiness import locate_all, providers
from pipeline.progress import Progress, quiet
from pipeline.setup.models import fetch_task
from pipeline.setup.tasks import SetupSelection, SetupTask
from pipeline.text import printable
from pipeline.values import replace

if TYPE_CHECKING:
    from pipeline.envs.choice.finder import EnvironmentFinder


def tasks(
    catalog: Catalog, selection: SetupSelection, force: bool, offline: bool = False, inherits: bool = False
) -> list[SetupTask]:
    """One task for each environment and model; ``force``: build again, also where nothing is wrong. ``inherits``:
    builds from source see all of the caller's variables.

    Raises ``ConfigurationError`` for a name that the project doesn't define, and ``NotReady`` where there is no uv.
    """
    definitions, models = selected(catalog, selection)
    builder, fetcher = builder_for(catalog, offline, inherits), fetcher_for(catalog, offline)
    return [
        *(_build(catalog, builder, definition, force) for definition in definitions),
        *(fetch_task(catalog, fetcher, spec) for spec in models),
    ]


def selected(catalog: Catalog, selection: SetupSelection) -> tuple[list[Definition], list[ModelSpec]]:
    """The environments and models to make ready, with the environments that provide programs to these.

    Raises ``ConfigurationError`` for a name that the project doesn't define.
    """
    if selection.everything:
        return _everything(catalog)
    if not selection.environments and not selection.models:
        return _for_default_workflows(catalog)
    definitions = [catalog.environment(name) for name in selection.environments]
    names = [*selection.models, *(name for each in definitions for name in each.models)]
    return _with_providers(catalog, definitions), [catalog.model(name) for name in dict.fromkeys(names)]


def _everything(catalog: Catalog) -> tuple[list[Definition], list[ModelSpec]]:
    """What the project defines itself, and what that needs of what it extends."""
    own = Catalog(replace(catalog.project, extended=None))
    definitions = [catalog.environment(name) for name in own.environment_names]
    names = [name for name, each in own.models.items() if each.is_locked or not each.is_catalogued]
    names += [name for each in definitions for name in each.models]
    return _with_providers(catalog, definitions), [catalog.model(name) for name in dict.fromkeys(names)]


def _for_default_workflows(catalog: Catalog) -> tuple[list[Definition], list[ModelSpec]]:
    """Their environments, those that provide the tools that PATH doesn't have, and the models of their defaults."""
    from pipeline.prepare import default_workflows

    needs = default_workflows.needs(catalog, _finder(catalog))
    workflows = [catalog.workflow(name) for name in catalog.settings.default_workflows]
    definitions = [catalog.environment(name) for name in needs.environments]
    own_tools = (PROBER,) if any(workflow.takes_media for workflow in workflows) else ()
    return _with_providers(catalog, definitions, own_tools), [catalog.model(name) for name in needs.models]


def _finder(catalog: Catalog) -> "EnvironmentFinder":
    """For decisions only: nothing is built or waited for."""
    from pipeline.environments import ProjectVariables
    from pipeline.envs.choice.decision import EnvironmentOptions
    from pipeline.envs.choice.finder import EnvironmentFinder
    from pipeline.jobs import environment_sources

    project = catalog.project
    return EnvironmentFinder(
        registry=registry_of(project),
        cache=environment_sources.inspection_cache(project),
        options=EnvironmentOptions(),
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


def _build(catalog: Catalog, builder: Builder, definition: Definition, force: bool) -> SetupTask:
    def carry_out(progress: Progress) -> str:
        if definition.lock is None:
            return _checked(catalog, definition, progress)
        if not force and _is_damaged(builder, definition):
            return _repaired(builder, definition, progress)
        build = builder.ensure(definition, progress, force)
        inherited = ", built with all variables of the shell" if build.own_marker.key_input.inherited else ""
        return f"ready, Python {build.python_version}{inherited}{_shared(builder.registry, build)}"

    return SetupTask(f"environment {definition.name}", carry_out)


def _shared(registry: Registry, build: Build) -> str:
    names = [f"environment '{name}'" for name in registry.names_of(build.prefix) if name != build.name]
    other = registry.other_user(build.prefix)
    users = [*names, *([printable(str(other))] if other else [])]
    return f", shared with {' and '.join(users)}" if users else ""


def _is_damaged(builder: Builder, definition: Definition) -> bool:
    """Whether the build fits the definition, and is only damaged."""
    build = builder.registry.live(definition.name)
    problem = build_problem(definition, build) if build else None
    return build is not None and problem is not None and problem == health.problem(build)


def _repaired(builder: Builder, definition: Definition, progress: Progress) -> str:
    """Only the damaged packages are installed again; all of it only where that isn't enough."""
    from pipeline.envs.repair.repair import repair

    done = repair(builder, definition, progress)
    return f"{done.summary}; ready, Python {done.build.python_version}"


def _checked(catalog: Catalog, definition: Definition, progress: Progress) -> str:
    """An external environment is only checked."""
    from pipeline.environments import ProjectVariables
    from pipeline.envs.external import candidates
    from pipeline.jobs import environment_sources

    cache = environment_sources.inspection_cache(catalog.project)
    return candidates.check(definition, cache, progress, ProjectVariables(catalog.project))
