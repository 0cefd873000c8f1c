"""What a job's stages run with: each environment resolved once, from the project and never from the job's text."""

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline import shared_modules
from pipeline.envs import health
from pipeline.envs.definition import Build
from pipeline.envs.registry import Registry
from pipeline.envs.variables import stage_variables
from pipeline.errors import ConfigurationError, NotReady, bootstrap_steps, did_you_mean
from pipeline.jobs.job import Job
from pipeline.models.shelf import Shelf
from pipeline.process import Interpreter
from pipeline.project import Project
from pipeline.sweep import TOKEN_VARIABLE


@dataclass(frozen=True)
class Runtime:
    """Builds and interpreters by environment, model folders by model."""

    builds: Mapping[str, Build]
    interpreters: Mapping[str, Interpreter]
    models: Mapping[str, Path]
    problems: Mapping[str, str]  # environment to what is wrong with it
    others: Mapping[str, str]  # what is wrong with a model or a program, to what helps

    def require(self, job: Job) -> None:
        """Raises ``NotReady`` where something is wrong with what the job needs."""
        environments = [f"environment '{name}' can't be used: {reason}" for name, reason in self.problems.items()]
        if environments or self.others:
            commands = [*(f"bootstrap --env {name}" for name in self.problems), *self.others.values()]
            text = "\n".join([f"{job.id} can't run", *environments, *self.others])
            raise NotReady(text, bootstrap_steps(commands))


def resolve(project: Project, job: Job, token: str) -> Runtime:
    """Look everything up and note what is wrong: a job that is finished needs none of it.

    Every process of the run carries ``token``, by which it is found wherever it goes.

    Raises ``ConfigurationError`` where the project doesn't define what the plan names.
    """
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
    interpreters = {name: _interpreter(build, _tools(job, name, builds), token) for name, build in builds.items()}
    shelf = Shelf(project.models)
    folders = {name: shelf.folder(name, digest) for name, digest in job.document["models"].items()}
    others = {**_model_problems(shelf, job), **_program_problems(job)}
    return Runtime(builds, interpreters, folders, problems, others)


def _interpreter(build: Build, tools: Sequence[Path], token: str) -> Interpreter:
    variables = {**stage_variables(build.prefix, os.environ, tools), TOKEN_VARIABLE: token}
    return Interpreter(build.python, build.prefix, variables)


def _require_defined(project: Project, job: Job) -> None:
    """Raises ``ConfigurationError`` where the project doesn't define what the plan names (any more)."""
    for name in job.document["environments"]:
        _require_file(project.config / "environments" / f"{name}.yaml", f"environment '{name}'", job, project)
    for name in dict.fromkeys(stage["uses"] for stage in job.stages):
        _require_file(project.stage_file(name), f"stage '{name}'", job, project)
    for name in dict.fromkeys(name for stage in job.stages for name in stage.get("modules", ())):
        shared_modules.locate(project, name)


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


def _model_problems(shelf: Shelf, job: Job) -> dict[str, str]:
    reasons = {name: shelf.damage(name, digest) for name, digest in job.document["models"].items()}
    return {
        f"model '{name}' can't be used: {reason}": f"bootstrap --model {name}"
        for name, reason in reasons.items()
        if reason
    }


def _program_problems(job: Job) -> dict[str, str]:
    """Programs that were on ``PATH`` when the job was prepared."""
    wanted = {name: where for tools in job.document["tools"].values() for name, where in tools.items()}
    return {
        f"{name} isn't on PATH any more": f"install {name}, or prepare the job again"
        for name, where in wanted.items()
        if where == "PATH" and shutil.which(name) is None
    }
