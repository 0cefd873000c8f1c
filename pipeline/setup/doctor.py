"""Looking at everything that a project's runs rely on: environments, their models, and the disks.

Without ``deep``, sizes and times are compared; with it, every byte is, and each environment's imports are tried.
"""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.config.catalog import Catalog
from pipeline.digests import sha256_of_file
from pipeline.environments import ProjectVariables
from pipeline.envs.build import Build
from pipeline.envs.builder import leftovers
from pipeline.envs.definition import Definition
from pipeline.envs.external import candidates
from pipeline.envs.lockfiles import agreement
from pipeline.envs.registry import Registry, misfit
from pipeline.envs.verification import accelerator, health, probes, tiers
from pipeline.envs.verification.findings import DiskFindings, EnvironmentFindings, Findings, ModelFindings
from pipeline.errors import ConfigurationError, NotReady, PipelineError
from pipeline.files import nearest
from pipeline.jobs import environment_sources
from pipeline.locks import is_held
from pipeline.models.store import ModelStore
from pipeline.progress import quiet
from pipeline.project import Project


def look(catalog: Catalog, names: Sequence[str], deep: bool) -> Findings:
    """At the environments of these names, or at all. Raises ``ConfigurationError`` for a name that isn't defined."""
    registry = Registry(catalog.project.environments)
    unknown = [name for name in names if name not in catalog.environment_names]
    for name in unknown:
        catalog.environment(name)  # which says so
    chosen = names or catalog.environment_names
    found = tuple(_environment(catalog, registry, name, bool(names), deep) for name in chosen)
    models = tuple(_models(catalog, chosen, bool(names), deep))
    return Findings(found, models, tuple(_disks(catalog.project)))


def _environment(catalog: Catalog, registry: Registry, name: str, asked: bool, deep: bool) -> EnvironmentFindings:
    has_place = registry.pointer(name).is_symlink()
    found = EnvironmentFindings(name, asked or has_place, half_built=tuple(_half_built(registry, name)))
    try:
        definition = catalog.environment(name)
        if definition.lock is None:
            return replace(found, is_foreign=True, unusable=_unusable(catalog, definition))
        definition.lock_digest()
    except ConfigurationError as error:
        return replace(found, broken=(error.message, error.next_step))
    except OSError as error:
        return replace(found, broken=(f"its lock can't be read: {error.strerror}", f"pipeline env lock {name}"))
    found = replace(found, obstacle=registry.obstacle(name))
    build = registry.live(name)
    return _built(catalog, definition, build, found, deep) if build else found


def _unusable(catalog: Catalog, definition: Definition) -> tuple[str, str] | None:
    """It is asked what a job would ask it; what held before isn't tried again."""
    try:
        candidates.checked(
            definition, environment_sources.notes(catalog.project), quiet, ProjectVariables(catalog.project)
        )
    except NotReady as error:
        return error.message, error.next_step or candidates.way_out(definition)
    return None


def _built(
    catalog: Catalog, definition: Definition, build: Build, found: EnvironmentFindings, deep: bool
) -> EnvironmentFindings:
    built_as = build.record["prefix"]
    reason = misfit(definition, build)
    is_ours = reason is not None and reason != health.damage(build)
    found = replace(
        found,
        is_built=True,
        moved_from=built_as if built_as != str(build.prefix) else None,
        python=build.python_version,
        misfit=reason if is_ours else None,
        variant_changed=build.record["key_input"].get("accelerator", "any") != (definition.variant or "any"),
        lock_changed=build.record["key_input"]["lock"] != definition.lock_digest(),
        lock_problem=agreement.mismatch(definition) if is_ours else None,
        interpreter=health.interpreter_damage(build),
        accelerator=_accelerator(catalog, definition, build),
    )
    try:
        found = replace(found, look=tiers.thorough(build) if deep else tiers.quick(build))
    except OSError as error:
        found = replace(found, unreadable=f"its files can't be read: {error.strerror}")
    if deep and found.interpreter is None:
        place = probes.Place(build.python, build.prefix, ProjectVariables(catalog.project)(definition, build.prefix))
        found = replace(found, probe=probes.first_problem(definition, place))
    return found


def _accelerator(catalog: Catalog, definition: Definition, build: Build) -> tuple[str, str] | None:
    try:
        candidates = catalog.accelerator
    except PipelineError:  # who asks for the hardware is told what is wrong with that
        return None
    fault = accelerator.fault(definition, build.site_packages, candidates)
    return (fault.reason, fault.repair) if fault else None


def _half_built(registry: Registry, name: str) -> Iterator[str]:
    """Folders that no marker stands in, unless somebody is building there right now."""
    if not registry.builds.is_dir() or is_held(registry.lock(name)):
        return
    yield from map(str, leftovers.found(registry.builds, name))


def _models(catalog: Catalog, environments: Sequence[str], asked: bool, deep: bool) -> Iterator[ModelFindings]:
    """Those of the environments must be there; of all others, those that are must be whole."""
    store = ModelStore(catalog.project.models)
    needed = set(_models_of(catalog, environments, asked))
    for name in sorted(needed) if asked else sorted(catalog.models):
        spec = catalog.model(name)
        folder = store.folder(name, spec.digest)
        damage = store.problem(name, spec.digest) or (_altered(folder, spec.files) if deep else None)
        if damage and (name in needed or folder.is_dir()):
            yield ModelFindings(name, damage, is_missing=not folder.is_dir())


def _models_of(catalog: Catalog, environments: Sequence[str], asked: bool) -> Iterator[str]:
    """An environment that nobody has built yet doesn't need its models either."""
    registry = Registry(catalog.project.environments)
    for name in environments:
        try:
            if asked or registry.live(name):
                yield from catalog.environment(name).models
        except ConfigurationError:
            continue


def _altered(folder: Path, files: Mapping[str, str]) -> str | None:
    for file, expected in files.items():
        try:
            if sha256_of_file(folder / file).removeprefix("sha256:") != expected:
                return f"its file {file} has other content"
        except OSError as error:
            return f"its file {file} can't be read: {error.strerror}"
    return None


def _disks(project: Project) -> Iterator[DiskFindings]:
    """Each disk that is written to, once, by the first folder on it."""
    seen: set[int] = set()
    for folder in (project.environments, project.models, project.jobs, project.cache):
        there = nearest(folder)
        device = os.stat(there).st_dev
        if device not in seen:
            seen.add(device)
            yield DiskFindings(str(folder), shutil.disk_usage(there).free)
