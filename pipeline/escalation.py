"""A stage failed as if its environment were damaged: look at every file of it, and build it anew where that is so."""

import os
from collections.abc import Callable
from pathlib import Path

from pipeline import sources
from pipeline.envs.building.build import Builder
from pipeline.envs.definition import Build
from pipeline.envs.proving import deep, health
from pipeline.envs.registry import Registry
from pipeline.errors import NotReady, PipelineError
from pipeline.failures.evidence import Evidence, Repaired, Unrepairable, Verdict, Whole
from pipeline.jobs.job import Job
from pipeline.project import Project

Tell = Callable[[str], None]


class Escalation:
    """One run's looks at environments. A symptom that a whole environment had before isn't looked into twice."""

    def __init__(self, project: Project, tell: Tell) -> None:
        self._project = project
        self._tell = tell
        self._whole: dict[tuple[str, object], Whole] = {}

    def look(self, job: Job, environment: str, evidence: Evidence) -> Verdict:
        """Blocks while it looks (a second for each GiB or less), and while it repairs."""
        symptom = (evidence.prefix, evidence.raised or (evidence.returncode, evidence.last_lines[-1:]))
        known = self._whole.get(symptom)
        verdict = known or escalate(self._project, job, environment, Path(evidence.prefix), self._tell)
        if isinstance(verdict, Whole):
            self._whole[symptom] = verdict
        return verdict


def escalate(project: Project, job: Job, environment: str, failed: Path, tell: Tell) -> Verdict:
    """What is wrong with the environment that a stage failed in; ``failed`` is the prefix it ran in.

    ``Repaired``: ``runtime.resolve`` gives interpreters of the new build. Raises nothing that is an ``Exception``.
    """
    if sources.origin(job.document, environment).is_foreign:
        return _of_somebody_else(project, job, environment, tell)
    key = job.document["environment_keys"][environment]
    registry = Registry(project.environments)
    build = registry.with_key(environment, key)
    if build is not None and build.prefix != failed and health.damage(build) is None:
        return Repaired(build.prefix, ())  # somebody has been here since it was started
    tell(f"checking every file of environment {environment}")
    damage = damage_of(build)
    if build is not None and not damage:
        return _whole(project, environment)
    tell(f"repairing environment {environment}: {damage[0]}")
    try:
        return Repaired(_repair(project, environment, key, failed, tell).prefix, damage)
    except PipelineError as error:
        return Unrepairable(error.message, damage)
    except OSError as error:
        return Unrepairable(f"{error.filename}: {error.strerror}" if error.filename else str(error), damage)


def _of_somebody_else(project: Project, job: Job, environment: str, tell: Tell) -> Verdict:
    """It is looked at, and never changed."""
    origin = sources.origin(job.document, environment)
    note = sources.notes(project).recall(Path(os.path.realpath(origin.place)))
    if note is None:
        return Unrepairable(f"{origin.place} isn't the environment any more that the job was prepared for", ())
    tell(f"checking every file of {origin.place}")
    damage = tuple(str(each) for folder in note.facts.folders for each in deep.damaged(Path(folder)))
    if damage:
        way = f"mend it, or bootstrap --env {environment} and prepare the job again"
        return Unrepairable(f"{origin.place} is somebody else's, and is never changed: {way}", damage)
    return Whole(f"the definition of '{environment}'", (f"mend {origin.place}, or bootstrap --env {environment}",))


def damage_of(build: Build | None) -> tuple[str, ...]:
    """Everything that isn't as it was installed, in words."""
    if build is None:
        return ("it isn't there any more",)
    shallow = health.damage(build)
    site_packages = build.prefix / build.record["site_packages"]
    files = deep.damaged(site_packages, build.record.get("otherwise"))
    return tuple(map(str, files)) or ((shallow,) if shallow else ())


def _repair(project: Project, name: str, key: str, failed: Path, tell: Tell) -> Build:
    from pipeline.envs import interpreters, keys, uv
    from pipeline.spec.catalog import Catalog

    catalog = Catalog(project)
    definition = catalog.environment(name)
    installer = uv.find()
    if keys.key_of(keys.key_input(definition, interpreters.find(definition, installer))) != key:
        raise NotReady("its lock or its Python has changed since the job was prepared, so it can't be built again")
    builder = Builder(
        Registry(project.environments), installer, project.logs / "bootstrap", catalog.settings.build_seconds
    )
    return builder.repair(definition, failed, tell)


def _whole(project: Project, environment: str) -> Whole:
    from pipeline.envs import uv

    lock = _lock(project, environment)
    requirements = lock.with_suffix(".txt")
    return Whole(str(requirements), (uv.lock_command(requirements, lock), f"bootstrap --env {environment}"))


def _lock(project: Project, environment: str) -> Path:
    from pipeline.spec.catalog import Catalog

    try:
        return Catalog(project).environment(environment).locked.relative_to(project.root)
    except PipelineError:  # a definition that was broken since it was built doesn't change what is told here
        return Path("requirements", f"{environment}.lock")
