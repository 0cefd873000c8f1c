"""The search for an environment that is called, by its definition, as for a job."""

import time
from collections.abc import Iterator
from pathlib import Path

from pipeline.calls import definition_record
from pipeline.calls.definition_record import DefinitionRecord
from pipeline.config.catalog import Catalog
from pipeline.envs.build import Build
from pipeline.envs.choice.decision import EnvironmentOptions
from pipeline.envs.definition import Definition
from pipeline.envs.lockfiles import requirements
from pipeline.executors import WorkerLimits
from pipeline.jobs import environment_sources
from pipeline.prepare.environment_finder import WAIT_SECONDS, finder_for
from pipeline.progress import Progress
from pipeline.project import ProjectFolder
from pipeline.values import Struct


class FoundEnvironment(Struct, frozen=True):
    build: Build
    tools: tuple[Path, ...]  # folders of the programs that it needs
    record: DefinitionRecord
    is_lasting: bool  # whether the record says all that a later program would have to look for


def search(project: ProjectFolder, name: str, builds: bool, progress: Progress) -> FoundEnvironment:
    """``builds``: build it where it isn't there. Raises ``NotReady``, ``ConfigurationError`` and ``UsageError``."""
    read_at_ns = time.time_ns()
    files = definition_record.signatures(definition_record.places(project, name))
    catalog = Catalog(project, saves=False)
    definition, workers = catalog.environment(name), catalog.settings.workers
    files |= definition_record.signatures(_files(definition))
    build, *tools = _settled(catalog, definition, builds, progress)
    record = DefinitionRecord(
        program=definition_record.signature(Path(definition_record.__file__)),
        files=files,
        read_at_ns=read_at_ns,
        key=build.key,
        variables=definition.variables,
        passed=definition.passed,
        limits=WorkerLimits(workers.idle_seconds, workers.tasks, workers.memory),
    )
    # Another machine may have another variant, or other programs; and who shares the home folder shares the record.
    is_lasting = build.is_ours and not (definition.variant or definition.tools or project.extended)
    return FoundEnvironment(build, tuple(each.provided_tools for each in tools), record, is_lasting)


def _files(definition: Definition) -> Iterator[Path]:
    """What it names, and what its requirements include."""
    yield from filter(None, (definition.lock, definition.requirements, definition.smoke))
    if definition.requirements:
        yield from requirements.files(definition.requirements)


def _settled(catalog: Catalog, definition: Definition, builds: bool, progress: Progress) -> list[Build]:
    """Its build, and those of the environments that have the programs which it needs."""
    inspections = environment_sources.deferred_inspection_cache(catalog.project)
    finder = finder_for(catalog, inspections, EnvironmentOptions(WAIT_SECONDS, builds), progress)
    needed = [definition, *_providers(catalog, definition)]
    found = [finder.settle(each, finder.choose(each)).build for each in needed]
    inspections.save()
    return found


def _providers(catalog: Catalog, definition: Definition) -> list[Definition]:
    if not definition.tools:
        return []
    from pipeline.prepare import readiness

    return readiness.providers(readiness.locate_all(catalog, definition.tools))
