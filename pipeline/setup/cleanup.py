"""Making room among the environments: what is there, who needs it, what goes. Whole jobs keep their builds."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from pipeline.envs import leases
from pipeline.envs.build import Build
from pipeline.envs.gc import removal
from pipeline.envs.gc.selection import Bounds, Choice, choose
from pipeline.envs.gc.survey import Found, State, survey
from pipeline.envs.registry import Registry
from pipeline.errors import PipelineError
from pipeline.jobs.job import load
from pipeline.jobs.store import UNFINISHED, JobStore
from pipeline.project import Project
from pipeline.text import printable


@dataclass(frozen=True)
class Removed:
    """What became of a choice."""

    freed: Mapping[str, int]  # folder name to the bytes that it gave back
    refused: Mapping[str, str]  # folder name to who needs it


def choice(project: Project, bounds: Bounds, force: bool = False) -> Choice:
    """What has to go. ``force`` takes builds from jobs that aren't finished, though never from a process."""
    needed = _needed({} if force else unfinished(project))
    return choose(survey(Registry(project.environments)), bounds, needed, time.time())


def of_name(project: Project, name: str) -> list[Found]:
    """All builds of one environment."""
    return [found for found in survey(Registry(project.environments)) if found.name == name]


def carry_out(project: Project, going: Collection[Found]) -> Removed:
    """Remove what was chosen, asking anew whether it is free: somebody may have begun to use it."""
    registry = Registry(project.environments)
    removal.sweep_pointers(registry)
    freed: dict[str, int] = {}
    refused: dict[str, str] = {}
    for found in going:
        try:
            freed[found.folder.name] = removal.remove(registry, found)
        except removal.Refused as error:
            refused[found.folder.name] = str(error)
    return Removed(freed, refused)


def unfinished(project: Project) -> dict[str, str]:
    """Keys of the environments that prepared and unfinished jobs name, with the first such job."""
    named: dict[str, str] = {}
    for id, keys in _jobs(project):
        for key in keys:
            named.setdefault(key, id)
    return named


def users(found: Found) -> str | None:
    """Who uses a build right now, in words."""
    if found.state in (State.ASIDE, State.HALF_BUILT) or not leases.is_held(Build(found.name, found.folder, "", {})):
        return None
    named = " and ".join(leases.users(found.folder)) or "another process"
    return f"{printable(named)} uses it"


def _needed(jobs: Mapping[str, str]) -> Callable[[Found], str | None]:
    def needed(found: Found) -> str | None:
        if found.state is not State.DAMAGED and found.key in jobs:
            return f"{jobs[found.key]} isn't finished and was prepared for it"
        return users(found)

    return needed


def _jobs(project: Project) -> Iterator[tuple[str, list[str]]]:
    """One that can't be read names nothing: it can't be run either."""
    store = JobStore(project.jobs)
    for id in store.ids():
        with suppress(PipelineError, OSError):
            job = load(project.jobs / id)
            if job.loaded.status in UNFINISHED:
                yield id, list(job.plan.environment_keys.values())
