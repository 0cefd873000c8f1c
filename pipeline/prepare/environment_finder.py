"""What finds a project's environments for jobs."""

from typing import TYPE_CHECKING

from pipeline.config.catalog import Catalog
from pipeline.environments import ProjectVariables, registry_of
from pipeline.envs.choice.decision import EnvironmentOptions
from pipeline.envs.choice.finder import EnvironmentFinder
from pipeline.envs.external.inspection_cache import DeferredInspectionCache
from pipeline.progress import Progress

if TYPE_CHECKING:
    from pipeline.envs.builder.builder import Builder

WAIT_SECONDS = 300.0  # for an environment that another process is building


def finder_for(
    catalog: Catalog, inspections: DeferredInspectionCache, allowed: EnvironmentOptions, progress: Progress
) -> EnvironmentFinder:
    def builder() -> "Builder":
        from pipeline.environments import builder_for

        return builder_for(catalog)

    return EnvironmentFinder(
        registry=registry_of(catalog.project),
        cache=inspections,
        options=allowed,
        builder=builder,
        progress=progress,
        own=ProjectVariables(catalog.project),
    )
