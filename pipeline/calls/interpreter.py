"""The interpreter of an environment that is called: found as a job finds it, and kept while nothing has changed."""

import os
import weakref
from pathlib import Path

from pipeline.config.catalog import Catalog
from pipeline.environments import own_variables
from pipeline.envs.build import Build
from pipeline.envs.choice.decision import EnvironmentOptions
from pipeline.envs.definition import Definition
from pipeline.envs.inheritance import visible
from pipeline.envs.leases import Leases
from pipeline.envs.variables import stage_variables
from pipeline.executors import WorkerLimits
from pipeline.jobs import environment_sources
from pipeline.prepare.environment_finder import WAIT_SECONDS, finder_for
from pipeline.process import Interpreter
from pipeline.progress import Progress
from pipeline.project import ProjectFolder

Signature = tuple[object, ...]


class CallInterpreter:
    """The interpreter of one environment of a project, for as long as this is held."""

    def __init__(self, project: ProjectFolder, name: str, builds: bool, progress: Progress) -> None:
        self._project = project
        self._name = name
        self._builds = builds
        self._progress = progress
        self._found: tuple[Signature, Interpreter] | None = None
        self._files: list[Path] = []  # that tell whether the environment has changed
        self._leases = Leases()
        self._end = weakref.finalize(self, self._leases.__exit__)
        self.limits = WorkerLimits()

    def get(self) -> Interpreter:
        """Raises ``NotReady`` where it isn't built, ``ConfigurationError`` and ``UsageError``."""
        if self._found is not None and self._found[0] == self._signature(self._files):
            return self._found[1]
        catalog = Catalog(self._project, saves=False)
        workers = catalog.settings.workers
        self.limits = WorkerLimits(workers.idle_seconds, workers.tasks, workers.memory)
        definition = catalog.environment(self._name)
        self._files = _files(self._project, definition)
        signature = self._signature(self._files)
        interpreter = self._settled(catalog, definition)
        self._found = signature, interpreter
        return interpreter

    def forget(self) -> None:
        """Look again: the environment may have been repaired."""
        self._found = None

    def _settled(self, catalog: Catalog, definition: Definition) -> Interpreter:
        inspections = environment_sources.deferred_inspection_cache(self._project)
        finder = finder_for(catalog, inspections, EnvironmentOptions(WAIT_SECONDS, self._builds), self._progress)
        needed = [definition, *_providers(catalog, definition)]
        builds = [finder.settle(each, finder.choose(each)).build for each in needed]
        inspections.save()
        return self._interpreter(definition, builds[0], [each.provided_tools for each in builds[1:]])

    def _interpreter(self, definition: Definition, build: Build, tools: list[Path]) -> Interpreter:
        caller = visible(os.environ, definition.passed)
        own = own_variables(self._project, definition.variables, build.prefix)
        variables = stage_variables(build.prefix, caller, tools, own, build.conda)
        lease = self._leases.on(build) if build.is_ours else None
        return Interpreter(build.python, build.prefix, variables, build.key, lease)

    def _signature(self, files: list[Path]) -> Signature:
        """What tells that the environment's name stands for the same as before, and that the caller's world does."""
        return (*map(_state, files), dict(os.environ))


def _providers(catalog: Catalog, definition: Definition) -> list[Definition]:
    """The environments that have the programs which it needs."""
    if not definition.tools:
        return []
    from pipeline.prepare import readiness

    return readiness.providers(readiness.locate_all(catalog, definition.tools))


def _files(project: ProjectFolder, definition: Definition) -> list[Path]:
    files = [project.environments / definition.name, project.environments / definition.name / "pyvenv.cfg"]
    return [*files, project.root / definition.path, *([definition.lock] if isinstance(definition.lock, Path) else [])]


def _state(path: Path) -> object:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size
