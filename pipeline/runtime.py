"""What a job's stages run with: each environment resolved once, from the project and never from the job's text."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.envs import health
from pipeline.envs.definition import Build
from pipeline.envs.registry import Registry
from pipeline.envs.variables import stage_variables
from pipeline.errors import ConfigurationError, NotReady, bootstrap_steps, did_you_mean
from pipeline.jobs.job import Job
from pipeline.models.shelf import Shelf
from pipeline.process import Interpreter
from pipeline.project import Project


@dataclass(frozen=True)
class Runtime:
    """Builds and interpreters by environment, model folders by model."""

    builds: Mapping[str, Build]
    interpreters: Mapping[str, Interpreter]
    models: Mapping[str, Path]
    problems: Mapping[str, str]  # environment to what is wrong with it

    def require(self, job: Job) -> None:
        """Raises ``NotReady`` where something is wrong with what the job needs."""
        if not self.problems:
            return
        text = "\n".join(f"environment '{name}' can't be used: {reason}" for name, reason in self.problems.items())
        commands = [f"bootstrap --env {name}" for name in self.problems]
        raise NotReady(f"{job.id} can't run\n{text}", bootstrap_steps(commands))


def resolve(project: Project, job: Job) -> Runtime:
    """Look everything up; an environment that is missing or damaged is named in ``problems``, all else raised."""
    _require_defined(project, job)
    registry = Registry(project.environments)
    builds: dict[str, Build] = {}
    problems: dict[str, str] = {}
    for name, key in job.document["environment_keys"].items():
        build = registry.with_key(name, key)
        reason = health.damage(build) if build else _why_absent(registry, name)
        if build is not None:
            builds[name] = build
        if reason:
            problems[name] = reason
    interpreters = {
        name: Interpreter(
            build.python, build.prefix, stage_variables(build.prefix, os.environ, _tools(job, name, builds))
        )
        for name, build in builds.items()
    }
    return Runtime(builds, interpreters, _models(project, job), problems)


def _require_defined(project: Project, job: Job) -> None:
    """Raises ``ConfigurationError`` where the project doesn't define what the plan names (any more)."""
    for name in job.document["environments"]:
        _require_file(project.config / "environments" / f"{name}.yaml", f"environment '{name}'", job, project)
    for name in dict.fromkeys(stage["uses"] for stage in job.stages):
        _require_file(project.stage_file(name), f"stage '{name}'", job, project)


def _require_file(file: Path, what: str, job: Job, project: Project) -> None:
    if not file.is_file():
        known = did_you_mean(file.stem, [path.stem for path in file.parent.glob(f"*{file.suffix}")])
        raise ConfigurationError(
            f"{job.id} can't run: no {what}{known}",
            f"put {file.relative_to(project.root)} back, or prepare the job again",
        )


def _why_absent(registry: Registry, name: str) -> str:
    if registry.live(name) is None:
        return "it isn't there any more"
    return "it was built anew from other requirements, and the build that this job was prepared for is gone"


def _tools(job: Job, environment: str, builds: Mapping[str, Build]) -> list[Path]:
    providers = job.document["tools"].get(environment, {}).values()
    return [builds[name].provided_tools for name in dict.fromkeys(providers) if name in builds]


def _models(project: Project, job: Job) -> dict[str, Path]:
    shelf = Shelf(project.models)
    for name, digest in job.document["models"].items():
        reason = shelf.damage(name, digest)
        if reason:
            raise NotReady(f"{job.id} can't run\nmodel '{name}' can't be used: {reason}", f"bootstrap --model {name}")
    return {name: shelf.folder(name, digest) for name, digest in job.document["models"].items()}
