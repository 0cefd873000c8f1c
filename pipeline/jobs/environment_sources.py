"""Where a job's environments come from, as its plan says it; and what follows for its results.

What is made with an environment that isn't healthy, or whose content can change unseen, stays in its own job: so do
the results of every stage that builds on such a result. Their stages say ``cache: false`` in the plan.
"""

from collections.abc import Iterable, Iterator, Mapping

from pipeline.envs.external.inspection_cache import DeferredInspectionCache, InspectionCache
from pipeline.envs.registry import Registry
from pipeline.jobs.plan import EnvironmentOrigin, Plan, PlannedStage
from pipeline.project import ProjectFolder

Tools = Mapping[str, Mapping[str, str]]  # environment to its programs, each with the environment that provides it


def inspection_cache(project: ProjectFolder) -> InspectionCache:
    return InspectionCache(project.cache / "adopted")


def deferred_inspection_cache(project: ProjectFolder) -> DeferredInspectionCache:
    return DeferredInspectionCache(project.cache / "adopted")


def unshared(stages: Iterable[PlannedStage], origins: Mapping[str, EnvironmentOrigin], tools: Tools) -> dict[str, str]:
    """The stages whose results no other job may have, each with the reason.

    Services come before the stages that use them.
    """
    warned = {name: f"environment {name}: {origin.warning}" for name, origin in origins.items() if origin.warning}
    apart: dict[str, str] = {}
    for stage in stages if warned else ():
        environments = [stage.environment, *tools.get(stage.environment, {}).values()]
        reason = next((warned[name] for name in environments if name in warned), None)
        sources = (*stage.needs, *_sources(stage), *stage.services.values())
        before = next((name for name in sources if name in apart), None)
        if reason or before:
            apart[stage.name] = reason or f"it builds on stage '{before}'; {apart[str(before)]}"
    return apart


def messages(plan: Plan) -> Iterator[str]:
    """What a person should know of a job's environments, in lines; nothing where each is the live build."""
    if plan.unconfined:
        yield f"warning: its stages aren't cut off from the network or from files, as they should be: {plan.unconfined}"
    if plan.inherits_environment:
        yield "its stages get all variables of the shell that runs it (--inherit-environment)"
    for name, origin in plan.environment_sources.items():
        if origin.warning:
            yield f"warning: environment {name} is {origin.source} {origin.warning}"
        elif origin.is_external:
            yield f"environment {name} is {origin.source} {origin.place}"
        if origin.migration_target:
            yield f"bootstrap --env {name}   builds {origin.migration_target}, which later jobs get"


def replaceable(plan: Plan, registry: Registry) -> list[str]:
    """The environments that something stood in for when the job was prepared, and that are built by now."""
    origins = plan.environment_sources.items()
    return [name for name, origin in origins if origin.migration_target and registry.live(name)]


def _sources(stage: PlannedStage) -> list[str]:
    return [name for name, _ in stage.sources]
