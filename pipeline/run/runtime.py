"""What a job's stages run with: each environment resolved once, from the project and never from the job's text."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pipeline.environments import own_variables, registry_of
from pipeline.envs.build import Build
from pipeline.envs.inheritance import visible
from pipeline.envs.leases import Leases
from pipeline.envs.registry import Registry
from pipeline.envs.variables import stage_variables, which
from pipeline.envs.verification import health
from pipeline.errors import ConfigurationError, NotReady, bootstrap_steps, did_you_mean
from pipeline.jobs.job import PlannedJob, preparing_command
from pipeline.models.store import ModelStore, is_local
from pipeline.process import Interpreter
from pipeline.project import ProjectFolder
from pipeline.sdk.protocol import RUN_VARIABLE
from pipeline.values import Struct, field


class Runtime(Struct, frozen=True):
    """Builds and interpreters by environment, model folders by model."""

    builds: Mapping[str, Build]
    interpreters: Mapping[str, Interpreter]
    models: Mapping[str, Path]
    problems: Mapping[str, str]  # environment to what is wrong with it
    others: Mapping[str, str]  # what is wrong with a model or a program, to what helps
    remedies: Mapping[str, str] = field(default_factory=dict)  # by environment, where it isn't to build it again

    def require(self, job: PlannedJob) -> None:
        """Raises ``NotReady`` where something is wrong with what the job needs."""
        environments = [f"environment '{name}' can't be used: {reason}" for name, reason in self.problems.items()]
        if environments or self.others:
            builds = [self.remedies.get(name, f"bootstrap --env {name}") for name in self.problems]
            commands = [*builds, *self.others.values()]
            text = "\n".join([f"{job.id} can't run", *environments, *self.others])
            raise NotReady(text, bootstrap_steps(list(dict.fromkeys(commands))))


def resolve(project: ProjectFolder, job: PlannedJob, token: str, leases: Leases | None = None) -> Runtime:
    """Look everything up and note what is wrong: a job that is finished needs none of it.

    Every process of the run carries ``token``, by which it is found wherever it goes. With ``leases``, each build
    and each model stays in its place until they end.

    Raises ``ConfigurationError`` where the project doesn't define what the plan names.
    """
    _require_defined(project, job)
    found = {name: _find(project, job, name, leases) for name in job.plan.environment_keys}
    builds = {name: each.build for name, each in found.items() if each.build}
    interpreters = {
        name: _interpreter(job, build, _tools(job, name, builds), _own(project, job, build), token, found[name].lease)
        for name, build in builds.items()
    }
    store = ModelStore(project.model_store)
    folders = {name: store.folder(name, digest) for name, digest in job.plan.models.items()}
    if leases:
        for folder in folders.values():
            leases.on_model(folder)  # before the look at it, as for a build
    return Runtime(
        builds,
        interpreters,
        folders,
        problems={name: each.problem for name, each in found.items() if each.problem},
        others={**_model_problems(store, job), **_program_problems(job)},
        remedies={name: each.remedy for name, each in found.items() if each.remedy},
    )


def note_use(project: ProjectFolder, runtimes: Iterable[Runtime]) -> None:
    """Remember, as well as the disk allows, that runs use these builds: the least recently used go first."""
    from pipeline.envs import notes

    ours = (build for each in runtimes for build in each.builds.values() if build.is_ours)
    notes.note_use(project.builds, (build.prefix for build in ours))


class _Found(Struct, frozen=True):
    """The build of one environment, or why there is none that can be used."""

    build: Build | None
    problem: str | None = None
    remedy: str | None = None  # where it isn't to build the environment
    lease: int | None = None


def _find(project: ProjectFolder, job: PlannedJob, name: str, leases: Leases | None) -> _Found:
    """The environment that the plan was made with, wherever it comes from."""
    if job.plan.origin(name).place is not None:
        return _find_foreign(project, job, name)
    registry = registry_of(project)
    build = registry.with_key(name, job.plan.environment_keys[name])
    if build is None:
        return _Found(None, _why_absent(registry, name))
    try:
        lease = leases.on(build) if leases else None  # before the look: what was seen then stays
    except NotReady as error:
        return _Found(None, error.message)
    return _Found(build, health.problem(build), lease=lease)


def _find_foreign(project: ProjectFolder, job: PlannedJob, name: str) -> _Found:
    """An external environment: its place is the definition's, which is read here alone, since that takes a while."""
    from pipeline.config.catalog import Catalog
    from pipeline.envs.external.candidates import find_again
    from pipeline.envs.external.environment import Unusable
    from pipeline.jobs import environment_sources

    place = str(job.plan.origin(name).place)
    try:
        definition = Catalog(project).environment(name)
        cache = environment_sources.inspection_cache(project)
        build = find_again(definition, place, job.plan.environment_keys[name], cache)
    except ConfigurationError as error:
        return _Found(None, error.message, error.next_step)
    except Unusable as error:
        return _Found(None, str(error), preparing_command(job))
    return _Found(build)


def _own(project: ProjectFolder, job: PlannedJob, build: Build) -> Mapping[str, str]:
    templates = job.plan.environment_variables.get(build.name, {})
    return own_variables(project, templates.items(), build.prefix)


def _interpreter(  # noqa: PLR0913, PLR0917  # what a process needs to start
    job: PlannedJob, build: Build, tools: Sequence[Path], own: Mapping[str, str], token: str, lease: int | None
) -> Interpreter:
    passed = None if job.plan.inherits_environment else ()  # what stages ask for by name comes with each invocation
    caller = visible(os.environ, passed)
    variables = {**stage_variables(build.prefix, caller, tools, own, build.conda), RUN_VARIABLE: token}
    return Interpreter(build.python, build.prefix, variables, build.key, lease)


def _require_defined(project: ProjectFolder, job: PlannedJob) -> None:
    """Raises ``ConfigurationError`` where the project doesn't define what the plan names (any more)."""
    for name in job.plan.environments:
        file = project.locate("config", "environments", f"{name}.yaml")
        if not file.is_file() and not any(
            _brings_environment(script) for layer in project.layers for script in layer.scripts(name)
        ):
            _require_file(file, f"environment '{name}'", job, project)
    for name in dict.fromkeys(stage.uses for stage in job.plan.programs if not stage.function):
        _require_file(project.stage_file(name), f"stage '{name}'", job, project)
    if shared := {(stage.uses, name) for stage in job.plan.programs for name in stage.modules}:
        from pipeline.config import shared_modules

        for uses, name in sorted(shared):
            try:
                shared_modules.locate(project.owner(project.stage_file(uses)), name)
            except ConfigurationError as error:
                raise ConfigurationError(f"{job.id} can't run: {error.message}", preparing_command(job)) from error


def _brings_environment(file: Path) -> bool:
    """Whether a Python file defines an environment. Only then has its name no file in config/environments."""
    from pipeline.script import has_dependencies

    try:
        return has_dependencies(file.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return False


def _require_file(file: Path, what: str, job: PlannedJob, project: ProjectFolder) -> None:
    if not file.is_file():
        beside = project.files(project.shown(file.parent), f"*{file.suffix}")
        known = did_you_mean(file.stem, [path.stem for path in beside])
        raise ConfigurationError(
            f"{job.id} can't run: no {what}{known}",
            f"put {project.shown(file)} back, or prepare it again with\n{preparing_command(job)}",
        )


def _why_absent(registry: Registry, name: str) -> str:
    if registry.live(name) is None:
        return "it isn't there any more"
    return "it was built again from other requirements, and the build that this job was prepared for is gone"


def _tools(job: PlannedJob, environment: str, builds: Mapping[str, Build]) -> list[Path]:
    providers = job.plan.tools.get(environment, {}).values()
    return [builds[name].provided_tools for name in dict.fromkeys(providers) if name in builds]


def _model_problems(store: ModelStore, job: PlannedJob) -> dict[str, str]:
    reasons = {name: store.problem(name, digest) for name, digest in job.plan.models.items()}
    return {
        f"model '{name}' can't be used: {reason}": (
            preparing_command(job) if is_local(name) else f"bootstrap --model {name}"
        )
        for name, reason in reasons.items()
        if reason
    }


def _program_problems(job: PlannedJob) -> dict[str, str]:
    """Programs that were on ``PATH`` when the job was prepared."""
    programs = [*job.plan.tools.values(), *(stage.programs for stage in job.plan.programs)]
    wanted = {name: where for tools in programs for name, where in tools.items()}
    return {
        f"{name} isn't on PATH any more": f"install {name}, or prepare it again with\n{preparing_command(job)}"
        for name, where in wanted.items()
        if where == "PATH" and not _is_on_path(name)
    }


def _is_on_path(name: str) -> bool:
    return which(name, os.environ) is not None
