"""Removing builds of the project's environments, as far as no process or unfinished job needs them."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from pipeline.environments import registry_of
from pipeline.envs import leases
from pipeline.envs.build import Build
from pipeline.envs.gc import removal
from pipeline.envs.gc.selection import RemovalPlan, StorageLimits, plan
from pipeline.envs.gc.survey import BuildFolder, State, survey
from pipeline.envs.registry import Registry
from pipeline.errors import PipelineError
from pipeline.jobs.job import load
from pipeline.jobs.store import UNFINISHED, JobStore
from pipeline.locks import exclusive
from pipeline.project import ProjectFolder
from pipeline.setup import other_projects
from pipeline.text import printable


@dataclass(frozen=True)
class CleanupResult:
    freed: Mapping[str, int]  # name of the folder to the bytes that are free now
    refused: Mapping[str, str]  # name of the folder to who needs it


def removal_plan(project: ProjectFolder, limits: StorageLimits, force: bool = False) -> RemovalPlan:
    """The builds that have to go. With ``force``, also those that unfinished jobs of this project need; never those in
    use, nor those that another project of the same store needs.
    """
    registry = registry_of(project)
    user_of = _user_of(project, registry, {} if force else unfinished(project))
    return plan(survey(registry), limits, user_of, time.time())


def builds_of(project: ProjectFolder, name: str) -> list[BuildFolder]:
    """All builds of one environment, but those that another name or another project of the same store needs."""
    registry = registry_of(project)
    other_user = _other_user(project, registry)
    return [build for build in survey(registry) if build.labels == (name,) and other_user(build) is None]


def other_user(project: ProjectFolder, name: str) -> str | None:
    """Who else needs the build that a name stands for here, for a person."""
    registry = registry_of(project)
    build = registry.live(name)
    if build is None:
        return None
    if names := [each for each in registry.names_of(build.prefix) if each != name]:
        return f"environment '{names[0]}' uses it"
    other = registry.other_user(build.prefix)
    return f"the project in {printable(str(other))} uses it" if other else None


def let_go(project: ProjectFolder, name: str) -> None:
    """Let a name stand for no build, where the build stays for another name or project."""
    registry = registry_of(project)
    with exclusive(registry.name_lock(name), lambda _: None):
        registry.pointer(name).unlink(missing_ok=True)


def carry_out(project: ProjectFolder, builds: Collection[BuildFolder]) -> CleanupResult:
    """Remove builds. A build that a process has begun to use meanwhile stays.

    Raises ``NotReady`` where a folder can't be deleted.
    """
    registry = registry_of(project)
    removal.sweep_pointers(registry)
    if registry.projects:
        registry.projects.forget_lost()
    freed: dict[str, int] = {}
    refused: dict[str, str] = {}
    for build in builds:
        try:
            freed[build.path.name] = removal.remove(registry, build)
        except removal.RemovalRefused as error:
            refused[build.path.name] = str(error)
    removal.sweep_locks(registry)
    return CleanupResult(freed, refused)


def unfinished(project: ProjectFolder) -> dict[str, str]:
    """Keys of the environments that unfinished jobs were prepared for, each with the first such job."""
    named: dict[str, str] = {}
    for id, keys in _jobs(project):
        for key in keys:
            named.setdefault(key, id)
    return named


def users(build: BuildFolder) -> str | None:
    """The processes that use a build right now, for a person; ``None`` where there are none."""
    if build.state in (State.ASIDE, State.HALF_BUILT) or not leases.is_held(Build(build.name, build.path, "", None)):
        return None
    named = " and ".join(leases.users(build.path)) or "another process"
    return f"{printable(named)} uses it"


def _user_of(
    project: ProjectFolder, registry: Registry, jobs: Mapping[str, str]
) -> Callable[[BuildFolder], str | None]:
    other_user = _other_user(project, registry)

    def user_of(build: BuildFolder) -> str | None:
        if build.state is not State.DAMAGED and build.key in jobs:
            return f"{jobs[build.key]} isn't finished and was prepared for it"
        return other_user(build) or users(build)

    return user_of


def _other_user(project: ProjectFolder, registry: Registry) -> Callable[[BuildFolder], str | None]:
    """Says which other project of the store needs a build, for a person."""
    jobs = other_projects.needed_by_jobs(project, unfinished)

    def user_of(build: BuildFolder) -> str | None:
        if build.state is State.DAMAGED or not build.key:
            return None
        if other := registry.other_user(build.path):
            return f"the project in {printable(str(other))} uses it"
        return f"{printable(jobs[build.key])} isn't finished and was prepared for it" if build.key in jobs else None

    return user_of


def _jobs(project: ProjectFolder) -> Iterator[tuple[str, list[str]]]:
    """Unfinished jobs and their environments' keys. A job that can't be read is left out: it can't be run either."""
    store = JobStore(project.jobs)
    for id in store.ids():
        with suppress(PipelineError, OSError):
            job = load(project.jobs / id)
            if job.loaded.status in UNFINISHED:
                yield id, list(job.plan.environment_keys.values())
