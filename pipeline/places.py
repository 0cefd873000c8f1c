"""Where the variables of an environment point to, in this project."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.envs.variables import Places, filled
from pipeline.project import Project

if TYPE_CHECKING:
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
