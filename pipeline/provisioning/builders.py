"""The builder of a project's environments, by its settings."""

from pipeline.envs import uv
from pipeline.envs.building.build import Builder
from pipeline.envs.building.installer import Sources
from pipeline.envs.registry import Registry
from pipeline.places import ProjectVariables
from pipeline.spec.catalog import Catalog


def builder_for(catalog: Catalog, offline: bool = False) -> Builder:
    """Raises ``NotReady`` where there is no installer."""
    project = catalog.project
    sources = Sources(offline, project.cache / "wheels", catalog.settings.link_mode)
    return Builder(
        registry=Registry(project.environments),
        uv=uv.find(),
        logs=project.logs / "bootstrap",
        time_limit=catalog.settings.build_seconds,
        sources=sources,
        own=ProjectVariables(project),
    )
