"""This project's environments: where their variables point to, and who builds them."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.envs.variables import Places, filled
from pipeline.project import Project

if TYPE_CHECKING:
    from pipeline.config.catalog import Catalog
    from pipeline.envs.builder.builder import Builder
    from pipeline.envs.definition import Definition


def own_variables(project: Project, templates: Iterable[tuple[str, str]], prefix: Path) -> dict[str, str]:
    """What every process in the environment at ``prefix`` gets beside the caller's variables."""
    return filled(templates, Places(project.root, project.cache, project.models, prefix))


class ProjectVariables:
    """The same for one who builds: a function of a definition and of where it is built."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def __call__(self, definition: "Definition", prefix: Path) -> dict[str, str]:
        return own_variables(self._project, definition.variables, prefix)


def builder_for(catalog: "Catalog", offline: bool = False) -> "Builder":
    """By the project's settings. Raises ``NotReady`` where there is no installer."""
    from pipeline.envs import uv  # what builds is no part of a run that finds everything built
    from pipeline.envs.builder.builder import Builder
    from pipeline.envs.builder.installer import Sources
    from pipeline.envs.registry import Registry

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
