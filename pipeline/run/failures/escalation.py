"""A stage failed as if its environment were damaged: look at every file of it, and repair it where that is so."""

import os
from functools import partial
from pathlib import Path

from pipeline.environments import registry_of
from pipeline.envs.build import Build
from pipeline.envs.verification import file_check, health
from pipeline.errors import NotReady, PipelineError
from pipeline.jobs import environment_sources
from pipeline.jobs.job import PlannedJob, preparing_command
from pipeline.progress import Progress
from pipeline.project import ProjectFolder
from pipeline.run.failures.evidence import EnvironmentRepair, Evidence, Unrepairable, Verdict, Whole


class Escalation:
    """One run's looks at environments. A symptom that a whole environment had before isn't looked into twice."""

    def __init__(self, project: ProjectFolder) -> None:
        self._project = project
        self._whole: dict[tuple[object, ...], Whole] = {}

    def look(self, job: PlannedJob, environment: str, evidence: Evidence, progress: Progress) -> Verdict:
        """Blocks while it looks (a second for each GiB or less), and while it repairs."""
        known = self._whole.get(evidence.symptom)
        verdict = known or escalate(self._project, job, environment, Path(evidence.prefix), progress)
        if isinstance(verdict, Whole):
            self._whole[evidence.symptom] = verdict
        return verdict


def escalate(project: ProjectFolder, job: PlannedJob, environment: str, failed: Path, progress: Progress) -> Verdict:
    """What is wrong with the environment that a stage failed in; ``failed`` is the prefix it ran in.

    ``EnvironmentRepair``: ``runtime.resolve`` gives interpreters of the new build. No ``Exception`` is raised.
    """
    if job.plan.origin(environment).is_external:
        return _of_somebody_else(project, job, environment, progress)
    key = job.plan.environment_keys[environment]
    registry = registry_of(project)
    build = registry.with_key(environment, key)
    if build is not None and build.prefix != failed and health.problem(build) is None:
        return EnvironmentRepair(build.prefix, ())  # somebody has been here since it was started
    progress(f"checking every file of environment {environment}")
    damage = damage_of(build)
    if build is not None and not damage:
        return _whole(project, job, environment)
    progress(f"repairing environment {environment}: {damage[0]}")
    try:
        steps = partial(_of_environment, progress, environment)
        return EnvironmentRepair(_repair(project, environment, key, failed, steps).prefix, damage)
    except PipelineError as error:
        return Unrepairable(error.message, damage)
    except OSError as error:
        return Unrepairable(f"{error.filename}: {error.strerror}" if error.filename else str(error), damage)


def _of_environment(progress: Progress, environment: str, step: str) -> None:
    progress(f"environment {environment}: {step}")


def _of_somebody_else(project: ProjectFolder, job: PlannedJob, environment: str, progress: Progress) -> Verdict:
    """It is looked at, and never changed."""
    place = str(job.plan.origin(environment).place)
    record = environment_sources.inspection_cache(project).get(Path(os.path.realpath(place)))
    if record is None:
        return Unrepairable(f"{place} is another environment than when the job was prepared", ())
    from pipeline.envs.verification import content

    progress(f"checking every file of {place}")
    damage = tuple(str(each) for folder in record.facts.folders for each in content.damaged(Path(folder)))
    if damage:
        return Unrepairable(f"{place} wasn't built by this project, so that it isn't changed; mend it yourself", damage)
    return Whole(
        f"the definition of '{environment}'",
        (f"mend {place}, or build an environment of this project with", f"bootstrap --env {environment}"),
    )


def damage_of(build: Build | None) -> tuple[str, ...]:
    """Everything that isn't as it was built, in words."""
    if build is None:
        return ("it isn't there any more",)
    shallow = health.problem(build)
    try:
        found = file_check.problems(build, file_check.thorough(build))
    except OSError as error:
        found = (f"its files can't be read: {error.strerror}",)
    return found or ((shallow,) if shallow else ())


def _repair(project: ProjectFolder, name: str, key: str, failed: Path, progress: Progress) -> Build:
    from pipeline.config.catalog import Catalog
    from pipeline.environments import builder_for
    from pipeline.envs import interpreters, keys
    from pipeline.envs.repair.repair import repair

    catalog = Catalog(project)
    definition = catalog.environment(name)
    builder = builder_for(catalog)
    if keys.key_of(keys.key_input(definition, interpreters.find(definition, builder.uv), os.environ)) != key:
        raise NotReady(
            "its lock, its Python or how it is built has changed since the job was prepared, so it can't be built again"
        )
    return repair(builder, definition, progress, failed).build


def _whole(project: ProjectFolder, job: PlannedJob, environment: str) -> Whole:
    commands = (f"pipeline env lock {environment}", f"bootstrap --env {environment}")
    return Whole(_requirements(project, environment), commands, preparing_command(job))


def _requirements(project: ProjectFolder, environment: str) -> str:
    """The file in which a person would ask for other packages."""
    from pipeline.config.catalog import Catalog

    try:
        requirements = Catalog(project).environment(environment).requirements
    except PipelineError:  # a definition that was broken since it was built doesn't change what is told here
        requirements = None
    return project.shown(requirements or project.requirements / f"{environment}.txt")
