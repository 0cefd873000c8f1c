"""Checking everything that a project's runs need: environments, their models, and the disks.

Without ``deep``, sizes and times of files are compared; with it, every byte is, and each environment's imports are
tried.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pipeline.config.catalog import Catalog
from pipeline.config.models import ModelSpec
from pipeline.environments import ProjectVariables, registry_of
from pipeline.envs import shared_builds
from pipeline.envs.build import Build
from pipeline.envs.builder import package_conflicts
from pipeline.envs.builder.interrupted_builds import half_built
from pipeline.envs.definition import Definition
from pipeline.envs.external import candidates
from pipeline.envs.lockfiles import agreement
from pipeline.envs.registry import Registry, build_problem
from pipeline.envs.verification import (
    accelerator,
    content,
    file_check,
    health,
    probes,
    required_python,
    shared_files,
)
from pipeline.envs.verification.accelerator import AcceleratorProblem
from pipeline.envs.verification.findings import DiskFindings, EnvironmentFindings, Findings, ModelFindings
from pipeline.errors import ConfigurationError, NotReady, PipelineError
from pipeline.files import nearest
from pipeline.jobs import environment_sources
from pipeline.jobs.job import preparing_command
from pipeline.locks import is_held
from pipeline.models.store import ModelStore
from pipeline.progress import quiet
from pipeline.project import ProjectFolder
from pipeline.setup.models import altered_files, changed_folders, interrupted
from pipeline.sizes import show_size


def check(catalog: Catalog, names: Sequence[str], deep: bool) -> Findings:
    """Check the environments of these names, or all. Raises ``ConfigurationError`` for a name that isn't defined."""
    registry = registry_of(catalog.project)
    for name in names:
        if name not in catalog.environment_names:
            catalog.environment(name)  # raises, with a suggestion
    checked = names or catalog.environment_names
    environments = tuple(_environment(catalog, registry, name, bool(names), deep) for name in checked)
    models = (*_models(catalog, checked, bool(names), deep), *(() if names else _folders(catalog.project)))
    return Findings(environments, models, tuple(_disks(catalog.project)), tuple(_half_built(registry)))


def _environment(catalog: Catalog, registry: Registry, name: str, is_named: bool, deep: bool) -> EnvironmentFindings:
    has_pointer = registry.pointer(name).is_symlink()
    findings = EnvironmentFindings(name, is_named or has_pointer)
    try:
        definition = catalog.environment(name)
        if definition.lock is None:
            return replace(findings, is_external=True, external_problem=_external_problem(catalog, definition))
        definition.lock_digest()
    except ConfigurationError as error:
        return replace(findings, definition_problem=(error.message, error.next_step))
    except OSError as error:
        problem = f"its lock can't be read: {error.strerror}"
        return replace(findings, definition_problem=(problem, f"pipeline env lock {name}"))
    findings = replace(findings, place_problem=registry.place_problem(name))
    build = shared_builds.live(registry, definition)
    return _built(catalog, definition, build, findings, deep) if build else findings


def _external_problem(catalog: Catalog, definition: Definition) -> tuple[str, str] | None:
    """The check that a job makes, too. Imports that succeeded before aren't tried again."""
    cache = environment_sources.inspection_cache(catalog.project)
    try:
        candidates.check(definition, cache, quiet, ProjectVariables(catalog.project))
    except NotReady as error:
        return error.message, error.next_step or candidates.next_step(definition)
    return None


def _built(
    catalog: Catalog, definition: Definition, build: Build, findings: EnvironmentFindings, deep: bool
) -> EnvironmentFindings:
    built_as = build.own_marker.prefix
    problem = build_problem(definition, build)
    is_definition_changed = problem is not None and problem != health.problem(build)
    findings = replace(
        findings,
        is_built=True,
        moved_from=built_as if built_as != str(build.prefix) else None,
        python=build.python_version,
        definition_change=problem if is_definition_changed else None,
        is_other_variant=build.own_marker.key_input.accelerator != (definition.variant or "any"),
        is_lock_changed=build.own_marker.key_input.lock != definition.lock_digest(),
        lock_problem=_lock_problem(definition) if is_definition_changed else None,
        interpreter_problem=health.interpreter_problem(build),
        accelerator_problem=_accelerator_problem(catalog, definition, build),
    )
    try:
        findings = replace(findings, check=file_check.thorough(build) if deep else file_check.quick(build))
    except OSError as error:
        findings = replace(findings, read_problem=f"its files can't be read: {error.strerror}")
    if deep:
        findings = _with_conflicts(definition, build, findings)
    if deep and findings.interpreter_problem is None:
        own = ProjectVariables(catalog.project)(definition, build.prefix)
        environment = probes.ProbeEnvironment(build.python, build.prefix, own, is_ours=True)
        findings = replace(findings, probe_problem=probes.first_problem(definition, environment))
    return findings


def _with_conflicts(definition: Definition, build: Build, findings: EnvironmentFindings) -> EnvironmentFindings:
    """What a new build would be refused for. Builds from before that was known may have it."""
    shared = content.shared(build.site_packages)
    overlap = shared_files.undecided(shared, definition.preferred)
    excluding = required_python.excluding(required_python.declared(build.site_packages), build.python_version)
    for_other = required_python.sentence(excluding, build.python_version) if excluding else None
    return replace(
        findings,
        overlap_problem=(overlap, package_conflicts.overlap_step(definition, shared)) if overlap else None,
        python_problem=(for_other, package_conflicts.other_python_step(definition)) if for_other else None,
    )


def _lock_problem(definition: Definition) -> tuple[str, str] | None:
    reason = agreement.problem(definition)
    return (reason, agreement.repair(definition)) if reason else None


def _accelerator_problem(catalog: Catalog, definition: Definition, build: Build) -> AcceleratorProblem | None:
    try:
        machine = catalog.accelerator
    except PipelineError:  # ``pipeline hardware`` says what is wrong
        return None
    return accelerator.problem(definition, build.site_packages, machine)


def _half_built(registry: Registry) -> Iterator[str]:
    """Folders without a marker in which no process is building right now."""
    if registry.builds.is_dir():
        yield from (
            str(each) for each in half_built(registry.builds) if not any(map(is_held, registry.folder_locks(each)))
        )


def _models(catalog: Catalog, environments: Sequence[str], is_named: bool, deep: bool) -> Iterator[ModelFindings]:
    """Models of the environments must be there. Others needn't be, but must be whole where they are."""
    store = ModelStore(catalog.project.model_store)
    needed = set(_models_of(catalog, environments, is_named))
    parts = interrupted(catalog.project)
    for name in sorted(needed) if is_named else sorted(catalog.models):
        spec = catalog.model(name)
        is_there = spec.is_locked and store.folder(name, spec.digest).is_dir()
        problem = store.problem_of(spec) or (_altered(store, spec) if deep else None)
        if problem and (name in needed or is_there or spec.lock_problem):
            yield ModelFindings(name, problem, is_missing=not is_there, is_lock_broken=bool(spec.lock_problem))
        elif problem and name in parts:
            left = f"its fetch was interrupted; {show_size(parts[name].size)} are there"
            yield ModelFindings(name, left, is_missing=True, is_interrupted=True)


def _folders(project: ProjectFolder) -> Iterator[ModelFindings]:
    """Those of people, that jobs need as they were."""
    for folder, problem, job in changed_folders(project):
        yield ModelFindings(folder, problem, False, needed_by=job.id, repair=preparing_command(job))


def _models_of(catalog: Catalog, environments: Sequence[str], is_named: bool) -> Iterator[str]:
    """An environment that isn't built yet doesn't need its models either."""
    registry = registry_of(catalog.project)
    for name in environments:
        try:
            if is_named or registry.live(name):
                yield from catalog.environment(name).models
        except ConfigurationError:
            continue


def _altered(store: ModelStore, spec: ModelSpec) -> str | None:
    problems = altered_files(store, spec)
    return next((f"its file {file} {problem}" for file, problem in problems.items()), None)


def _disks(project: ProjectFolder) -> Iterator[DiskFindings]:
    """Each disk that is written to, once, with the first folder on it."""
    devices: set[int] = set()
    for folder in (project.environments, project.models, project.jobs, project.cache):
        existing = nearest(folder)
        device = os.stat(existing).st_dev
        if device not in devices:
            devices.add(device)
            yield DiskFindings(str(folder), shutil.disk_usage(existing).free)
