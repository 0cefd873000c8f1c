"""The builder of a project's environments, by its settings."""

from pipeline.envs import uv
from pipeline.envs.building.build import Builder
from pipeline.envs.building.installer import Sources
from pipeline.envs.registry import Registry
from pipeline.spec.catalog import Catalog


def builder_for(catalog: Catalog, offline: bool = False) -> Builder:
    """Raises ``NotReady`` where there is no installer."""
    project = catalog.project
    link_mode = getattr(catalog.settings, "link_mode", "auto")
    sources = Sources(offline, project.cache / "wheels", link_mode)
    return Builder(
        Registry(project.environments), uv.find(), project.logs / "bootstrap", catalog.settings.build_seconds, sources
    )
