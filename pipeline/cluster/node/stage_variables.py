"""The variables of stages on a node, computed once for stages that have the same."""

from collections.abc import Mapping, Sequence

from pipeline.cluster.wire.attempt_order import EnvironmentRecipe
from pipeline.environments import own_variables
from pipeline.envs.build import Build
from pipeline.envs.inheritance import LOCALE, visible
from pipeline.envs.variables import stage_variables
from pipeline.project import ProjectFolder

KEPT = 256  # different ones


class StageVariables:
    """Threads may share it."""

    def __init__(self, project: ProjectFolder, variables: Mapping[str, str]) -> None:
        """``variables``: of the agent's process."""
        self._project = project
        self._seen = {name: text for name, text in visible(dict(variables)).items() if name not in LOCALE}
        self._known: dict[object, Mapping[str, str]] = {}

    def of(
        self, recipe: EnvironmentRecipe, build: Build, tools: Sequence[Build], locale: Mapping[str, str]
    ) -> Mapping[str, str]:
        """In a build, with programs of other ones, and the run's own language and time zone."""
        key = (build.prefix, recipe.variables, tuple(each.prefix for each in tools), tuple(locale.items()))
        if key not in self._known:
            if len(self._known) >= KEPT:
                self._known.clear()
            own = own_variables(self._project, recipe.variables, build.prefix)
            folders = [each.provided_tools for each in tools]
            self._known[key] = stage_variables(build.prefix, {**self._seen, **locale}, folders, own, build.conda)
        return self._known[key]
