"""This project's environments: their variables, and what builds them."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.envs.registry import Registry
from pipeline.envs.variables import VariableFolders, filled
from pipeline.project import ROOT_VARIABLE, ProjectFolder

if TYPE_CHECKING:
    from pipeline.config.catalog import Catalog
    from pipeline.envs.builder.builder import Builder
    from pipeline.envs.definition import Definition


def registry_of(project: ProjectFolder) -> Registry:
    """Its builds, which may stand in the user's store."""
    if project.store is None:
        return Registry(project.environments)
    from pipeline.envs.store_projects import StoreProject, StoreProjects

    own = StoreProject(project.root, project.environments)
    return Registry(project.environments, project.builds, StoreProjects(project.builds, own))


def own_variables(project: ProjectFolder, templates: Iterable[tuple[str, str]], prefix: Path) -> dict[str, str]:
    """The variables that every process in the environment at ``prefix`` gets beside the caller's.

    Among them is the project's folder: what a stage calls in other environments is looked up there.
    """
    folders = VariableFolders(project.root, project.cache, project.models, prefix)
    return {ROOT_VARIABLE: str(project.root), **filled(templates, folders)}


class ProjectVariables:
    """``own_variables`` as a function of a definition and a prefix (``variables.OwnVariables``)."""

    def __init__(self, project: ProjectFolder) -> None:
        self._project = project

    def __call__(self, definition: "Definition", prefix: Path) -> dict[str, str]:
        return own_variables(self._project, definition.variables, prefix)


def builder_for(catalog: "Catalog", offline: bool = False, inherits: bool = False) -> "Builder":
    """A builder with the project's settings. ``inherits``: builds from source see all of the caller's variables.

    Raises ``NotReady`` where there is no uv.
    """
    from pipeline.envs import uv  # a run that finds everything built needs none of these
    from pipeline.envs.builder.builder import Builder
    from pipeline.envs.builder.installer import PackageSources

    project = catalog.project
    sources = PackageSources(offline, project.cache / "wheels", catalog.settings.link_mode, inherits)
    return Builder(
        registry=registry_of(project),
        uv=uv.find(),
        logs=project.logs / "bootstrap",
        time_limit=catalog.settings.build_seconds,
        sources=sources,
        own=ProjectVariables(project),
    )
