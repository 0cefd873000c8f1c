"""The environments of a job as recipes: a node can build each, or find it, and has the same then as the plan."""

import contextlib
import os
from pathlib import Path

from pipeline.cluster.recipes import recipe_of
from pipeline.cluster.wire.attempt_order import EnvironmentRecipe
from pipeline.config.catalog import Catalog
from pipeline.envs import interpreters, keys, uv
from pipeline.envs.definition import Definition
from pipeline.envs.lockfiles import lockfile
from pipeline.errors import NotReady
from pipeline.jobs.job import PlannedJob, preparing_command
from pipeline.jobs.plan import PlannedStage
from pipeline.project import ProjectFolder


class JobRecipes:
    """For the jobs of one run; each environment is looked up once."""

    def __init__(self, project: ProjectFolder, places: dict[str, Path], packages: Path | None) -> None:
        """``places`` gets the path of each content that a recipe names, by its digest. ``packages``: a folder of wheels
        for nodes without an index."""
        self._project = project
        self._catalog = Catalog(project)
        self._places = places
        self._packages = packages
        self._known: dict[tuple[str, str], EnvironmentRecipe] = {}

    def require(self, job: PlannedJob) -> None:
        """Raises ``NotReady`` where an environment can't be described as the plan has it, and as ``of`` does."""
        for name in job.plan.environment_keys:
            self._recipe(job, name)

    def of(self, job: PlannedJob, stage: PlannedStage) -> tuple[EnvironmentRecipe, tuple[EnvironmentRecipe, ...]]:
        """The stage's own, and those that have programs which it starts.

        Raises ``ConfigurationError``, ``NotReady`` and ``OSError``.
        """
        providers = job.plan.tools.get(stage.environment, {}).values()
        names = [each for each in dict.fromkeys(providers) if each in job.plan.environment_keys]
        return self._recipe(job, stage.environment), tuple(self._recipe(job, name) for name in names)

    def _recipe(self, job: PlannedJob, name: str) -> EnvironmentRecipe:
        key = job.plan.environment_keys[name]
        if (name, key) not in self._known:
            self._known[name, key] = self._made(job, name, key)
        return self._known[name, key]

    def _made(self, job: PlannedJob, name: str, key: str) -> EnvironmentRecipe:
        definition, origin = self._catalog.environment(name), job.plan.origin(name)
        if origin.place is not None:
            return EnvironmentRecipe(name=name, key=key, python=definition.python, place=str(origin.place))
        base = interpreters.find(definition, uv.find())
        if keys.key_of(keys.key_input(definition, base, os.environ)) != key:
            raise NotReady(
                f"{job.id}: the lock of environment '{name}', its Python or how it is built has changed since the job "
                "was prepared, so that nodes can't build the same one",
                preparing_command(job),
            )
        root = self._project.owner(definition.locked).root
        recipe, places = recipe_of(definition, key, root, self._wheels_of(definition))
        self._places.update(places)
        return recipe

    def _wheels_of(self, definition: Definition) -> list[Path]:
        """Those that its lock names, for whatever platform."""
        if self._packages is None:
            return []
        from packaging.utils import InvalidWheelFilename, parse_wheel_filename

        pins = {(pin.name, str(pin.version)) for pin in lockfile.parse(definition.locked.read_text()).pins}
        found = []
        for wheel in sorted(self._packages.glob("*.whl")):
            with contextlib.suppress(InvalidWheelFilename):
                name, version, _, _ = parse_wheel_filename(wheel.name)
                found += [wheel] if (name, str(version)) in pins else []
        return found
