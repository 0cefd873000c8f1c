"""The interpreter of an environment that is called: found as a job finds it, and kept while nothing has changed."""

import os
import weakref
from collections.abc import Iterable
from pathlib import Path

from pipeline.calls import definition_record
from pipeline.calls.definition_record import DefinitionRecord
from pipeline.environments import own_variables, registry_of
from pipeline.envs.build import Build
from pipeline.envs.inheritance import visible
from pipeline.envs.leases import Leases
from pipeline.envs.variables import stage_variables
from pipeline.envs.verification import health
from pipeline.executors import WorkerLimits
from pipeline.process import Interpreter
from pipeline.progress import Progress
from pipeline.project import ProjectFolder
from pipeline.signatures import Signature
from pipeline.values import Struct


class FoundInterpreter(Struct, frozen=True):
    """An interpreter, and what it was found by."""

    interpreter: Interpreter
    files: dict[str, Signature | None]  # as they were before they were read
    variables: dict[str, str]  # the caller's

    @property
    def is_current(self) -> bool:
        """Whether the environment's name still stands for the same, and the caller's world is as it was."""
        return self.files == definition_record.signatures(map(Path, self.files)) and self.variables == dict(os.environ)


class CallInterpreter:
    """The interpreter of one environment of a project, for as long as this is held."""

    def __init__(self, project: ProjectFolder, name: str, builds: bool, progress: Progress) -> None:
        self._project = project
        self._name = name
        self._builds = builds
        self._progress = progress
        self._found: FoundInterpreter | None = None
        self._leases = Leases()
        self._end = weakref.finalize(self, self._leases.__exit__)
        self.limits = WorkerLimits()

    def get(self) -> Interpreter:
        """Raises ``NotReady`` where it isn't built, ``ConfigurationError`` and ``UsageError``."""
        if self._found is not None and self._found.is_current:
            return self._found.interpreter
        pointer, variables = self._project.environments / self._name, dict(os.environ)
        before = definition_record.signatures((pointer, pointer / "pyvenv.cfg"))
        record, interpreter = self._of_record() or self._of_search()
        self._found = FoundInterpreter(interpreter, before | record.files, variables)
        return interpreter

    def forget(self) -> None:
        """Look again: the environment may have been repaired."""
        self._found = None

    def _of_record(self) -> tuple[DefinitionRecord, Interpreter] | None:
        """That of the live build, where it is whole, and is the one that the definition was right for."""
        record = definition_record.read(self._project, self._name)
        build = registry_of(self._project).live(self._name) if record else None
        if record is None or build is None or build.key != record.key or health.problem(build):
            return None
        self.limits = record.limits
        return record, self._interpreter(build, record, ())

    def _of_search(self) -> tuple[DefinitionRecord, Interpreter]:
        from pipeline.calls import environment_search  # which reads definitions, and is slow to import

        found = environment_search.search(self._project, self._name, self._builds, self._progress)
        self.limits = found.record.limits
        if found.is_lasting:
            definition_record.write(self._project, self._name, found.record)
        return found.record, self._interpreter(found.build, found.record, found.tools)

    def _interpreter(self, build: Build, record: DefinitionRecord, tools: Iterable[Path]) -> Interpreter:
        caller = visible(os.environ, record.passed)
        own = own_variables(self._project, record.variables, build.prefix)
        variables = stage_variables(build.prefix, caller, tools, own, build.conda)
        lease = self._leases.on(build) if build.is_ours else None
        return Interpreter(build.python, build.prefix, variables, build.key, lease)
