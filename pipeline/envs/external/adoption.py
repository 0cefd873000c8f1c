"""From an environment's definition to what a job runs in: looking, waiting and building as was decided."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import locks
from pipeline.envs.build import Build
from pipeline.envs.definition import Definition
from pipeline.envs.external.candidates import identify, misfit, places
from pipeline.envs.external.decision import Allowed, Candidate, Choice, Make, Refuse, Situation, Use, Wait, decide
from pipeline.envs.external.environment import Unusable
from pipeline.envs.external.inspection_cache import Notes
from pipeline.envs.external.source import FOREIGN, Source
from pipeline.envs.registry import Registry
from pipeline.envs.registry import misfit as misfit_of_ours
from pipeline.envs.variables import OwnVariables, no_variables
from pipeline.errors import NotReady
from pipeline.progress import Progress

if TYPE_CHECKING:
    from pipeline.envs.builder.builder import Builder

PAUSE = 0.2  # seconds between two looks at another process's lock


@dataclass(frozen=True)
class Answer:
    """What a job runs in, and how it came to be that."""

    source: Source
    build: Build
    place: str = ""  # of somebody else's, as the definition has it
    warning: str | None = None  # why its results are nobody else's

    def recorded(self) -> dict[str, Any]:
        """As it stands in job.json."""
        stands_in = self.source in (Source.LEGACY, Source.DEGRADED)
        return {
            "source": self.source.value,
            **({"place": self.place} if self.source in FOREIGN else {}),
            **({"migration_target": f"venv/{self.build.name}"} if stands_in else {}),
            **({"warning": self.warning} if self.warning else {}),
        }


@dataclass(frozen=True, kw_only=True)
class Adoption:
    registry: Registry
    notes: Notes
    allowed: Allowed
    builder: "Callable[[], Builder]"  # called where something has to be built
    progress: Progress
    own: OwnVariables = no_variables

    def situation(self, definition: Definition) -> Situation:
        name = definition.name
        candidates = tuple(_up_to_a_healthy_one(self._candidates(definition)))
        is_found = candidates[-1].problem is None
        builder = None if is_found or definition.interpreter else self._builder_of(name)
        obstacle = None if is_found or definition.interpreter else self.registry.obstacle(name)
        return Situation(name, candidates, definition.interpreter is None, builder, obstacle)

    def choose(self, definition: Definition) -> Choice:
        return decide(self.situation(definition), self.allowed)

    def settle(self, definition: Definition, choice: Choice) -> Answer:
        """Carry out what was chosen, and choose again where that didn't help. Raises ``NotReady``."""
        until = time.monotonic() + self.allowed.wait_seconds
        while True:
            match choice:
                case Use(source, candidate):
                    return _answer(source, candidate)
                case Refuse(reason, command):
                    raise NotReady(f"environment '{definition.name}' isn't ready: {reason}", command)
                case Make():
                    self.progress(f"building environment '{definition.name}'")
                    return Answer(Source.BUILT, self.builder().ensure(definition, self.progress))
                case Wait(builder):
                    self._wait(definition.name, builder, until)
            if (build := self._healthy(definition)) is not None:
                return Answer(Source.WAITED, build)
            left = max(0.0, until - time.monotonic())
            choice = decide(self.situation(definition), replace(self.allowed, wait_seconds=left))

    def _candidates(self, definition: Definition) -> Iterator[Candidate]:
        if definition.interpreter is None:
            build = self.registry.live(definition.name)
            problem = misfit_of_ours(definition, build) if build else "it isn't built"
            yield Candidate(Source.LIVE, f"venv/{definition.name}", build, problem)
        source = Source.INTERPRETER if definition.interpreter else Source.LEGACY
        for folder in places(definition):
            yield self._look(definition, source, folder)

    def _look(self, definition: Definition, source: Source, folder: Path) -> Candidate:
        try:
            known = identify(folder, self.notes)
        except Unusable as error:
            return Candidate(source, str(folder), None, str(error))
        problem = misfit(definition, known, self.notes, self.progress, self.own)
        usable = None if definition.provides else known.build(definition.name)
        return Candidate(source, str(folder), usable, problem, known.note.caveat)

    def _healthy(self, definition: Definition) -> Build | None:
        build = self.registry.live(definition.name)
        return build if build and misfit_of_ours(definition, build) is None else None

    def _builder_of(self, name: str) -> str | None:
        """Who holds the lock under which the environment is built."""
        lock = self.registry.lock(name)
        return str(locks.holder(lock) or "another process") if locks.is_held(lock) else None

    def _wait(self, name: str, builder: str, until: float) -> None:
        left = until - time.monotonic()
        self.progress(f"waiting up to {left:.0f} s for {builder}, which builds environment '{name}'")
        lock = self.registry.lock(name)
        while locks.is_held(lock) and (left := until - time.monotonic()) > 0:
            time.sleep(min(PAUSE, left))


def _up_to_a_healthy_one(candidates: Iterator[Candidate]) -> Iterator[Candidate]:
    """What comes after it isn't looked at: to look can take seconds."""
    for candidate in candidates:
        yield candidate
        if candidate.problem is None:
            return


def _answer(source: Source, candidate: Candidate) -> Answer:
    assert candidate.build is not None, candidate
    words = candidate.problem or candidate.caveat
    warning = f"{candidate.place}: {words}; what is made with it isn't shared with other jobs" if words else None
    return Answer(source, candidate.build, candidate.place, warning)
