"""From an environment's definition to the environment that a job runs in: look, decide, then wait or build."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import locks
from pipeline.envs import shared_builds
from pipeline.envs.build import Build
from pipeline.envs.choice.decision import (
    Choice,
    EnvironmentCandidate,
    EnvironmentOptions,
    Make,
    Refuse,
    Situation,
    Use,
    Wait,
    decide,
)
from pipeline.envs.choice.source import EnvironmentSource
from pipeline.envs.definition import Definition
from pipeline.envs.external.environment import Unusable
from pipeline.envs.external.inspection_cache import InspectionCache
from pipeline.envs.registry import Registry, build_problem
from pipeline.envs.variables import OwnVariables, no_variables
from pipeline.errors import NotReady
from pipeline.progress import Progress, quiet
from pipeline.values import Struct, replace

if TYPE_CHECKING:
    from pipeline.envs.builder.builder import Builder

PAUSE = 0.2  # seconds between two looks at another process's lock


class JobEnvironment(Struct, frozen=True):
    """The environment that a job runs in, and where it comes from."""

    source: EnvironmentSource
    build: Build
    place: str = ""  # an external environment's path, as the definition names it
    warning: str | None = None  # why results that are made with it aren't shared with other jobs


@dataclass(frozen=True, kw_only=True)
class EnvironmentFinder:
    """Finds environments for jobs: live builds, external environments, or new builds."""

    registry: Registry
    cache: InspectionCache
    options: EnvironmentOptions
    builder: "Callable[[], Builder]"  # is called only where something has to be built
    progress: Progress
    own: OwnVariables = no_variables

    def situation(self, definition: Definition) -> Situation:
        """Look at the candidates, up to the first healthy one. It may start an external environment's interpreter."""
        name = definition.name
        candidates = tuple(_up_to_a_healthy_one(self._candidates(definition)))
        is_found = candidates[-1].problem is None
        builder = None if is_found or definition.interpreter else self._builder_of(definition)
        place_problem = None if is_found or definition.interpreter else self.registry.place_problem(name)
        return Situation(name, candidates, definition.interpreter is None, builder, place_problem)

    def choose(self, definition: Definition) -> Choice:
        """Nothing is built, and nothing is waited for."""
        return decide(self.situation(definition), self.options)

    def settle(self, definition: Definition, choice: Choice) -> JobEnvironment:
        """Carry out a decision. After a wait that didn't help, decide again.

        Raises ``NotReady`` where no environment can be had, or the build fails.
        """
        until = time.monotonic() + self.options.wait_seconds
        while True:
            match choice:
                case Use(source, candidate):
                    return _job_environment(source, candidate)
                case Refuse(reason, command):
                    raise NotReady(f"environment '{definition.name}' isn't ready: {reason}", command)
                case Make():
                    self.progress(f"building environment '{definition.name}'")
                    return JobEnvironment(EnvironmentSource.BUILT, self.builder().ensure(definition, self.progress))
                case Wait(builder):
                    self._wait(definition, builder, until)
            if (build := self._healthy(definition)) is not None:
                return JobEnvironment(EnvironmentSource.WAITED, build)
            left = max(0.0, until - time.monotonic())
            choice = decide(self.situation(definition), replace(self.options, wait_seconds=left))

    def _candidates(self, definition: Definition) -> Iterator[EnvironmentCandidate]:
        if definition.interpreter is None:
            build = shared_builds.live(self.registry, definition)
            problem = build_problem(definition, build) if build else "it isn't built"
            yield EnvironmentCandidate(EnvironmentSource.LIVE, f"venv/{definition.name}", build, problem)
        # Only where it is needed, here and below: most jobs and calls never look beyond a live build.
        from pipeline.envs.external.candidates import external_folders

        source = EnvironmentSource.INTERPRETER if definition.interpreter else EnvironmentSource.LEGACY
        for folder in external_folders(definition):
            yield self._external(definition, source, folder)

    def _external(self, definition: Definition, source: EnvironmentSource, folder: Path) -> EnvironmentCandidate:
        from pipeline.envs.external.candidates import external_problem, inspect

        try:
            inspection = inspect(folder, self.cache)
        except Unusable as error:
            return EnvironmentCandidate(source, str(folder), None, str(error))
        problem = external_problem(definition, inspection, self.cache, self.progress, self.own)
        usable = None if definition.provides else inspection.build(definition.name)
        return EnvironmentCandidate(source, str(folder), usable, problem, inspection.record.caveat)

    def _healthy(self, definition: Definition) -> Build | None:
        build = shared_builds.live(self.registry, definition)
        return build if build and build_problem(definition, build) is None else None

    def _builder_of(self, definition: Definition) -> str | None:
        """The process that is building an environment, for this name or another one of the same key, for a person."""
        lock = next((each for each in self._locks(definition) if locks.is_held(each)), None)
        return str(locks.holder(lock) or "another process") if lock else None

    def _locks(self, definition: Definition) -> list[Path]:
        """The lock files of which one is held while the environment is built. That of the key is looked for only where
        something is being built: it takes the interpreter.
        """
        found = [self.registry.name_lock(definition.name)]
        if any(map(locks.is_held, self.registry.key_locks())):
            with suppress(NotReady):
                found.insert(0, self.registry.key_lock(self.builder().recipe(definition, quiet).key))
        return found

    def _wait(self, definition: Definition, builder: str, until: float) -> None:
        left = until - time.monotonic()
        self.progress(f"waiting up to {left:.0f} s for {builder}, which builds environment '{definition.name}'")
        waited = self._locks(definition)
        while any(map(locks.is_held, waited)) and (left := until - time.monotonic()) > 0:
            time.sleep(min(PAUSE, left))


def _up_to_a_healthy_one(candidates: Iterator[EnvironmentCandidate]) -> Iterator[EnvironmentCandidate]:
    """Those after it aren't looked at: that can take seconds."""
    for candidate in candidates:
        yield candidate
        if candidate.problem is None:
            return


def _job_environment(source: EnvironmentSource, candidate: EnvironmentCandidate) -> JobEnvironment:
    assert candidate.build is not None, candidate
    reason = candidate.problem or candidate.caveat
    warning = f"{candidate.place}: {reason}; what is made with it isn't shared with other jobs" if reason else None
    return JobEnvironment(source, candidate.build, candidate.place, warning)
