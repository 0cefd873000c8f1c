"""The plan of a job, as ``job.json`` has it, from all that was decided."""

import time
from collections.abc import Mapping

from pipeline.config.settings import Settings
from pipeline.envs.build import Build
from pipeline.envs.choice.finder import JobEnvironment
from pipeline.envs.choice.source import EXTERNAL, EnvironmentSource
from pipeline.jobs import environment_sources
from pipeline.jobs.input_state import is_unchanged
from pipeline.jobs.plan import BesideInput, EnvironmentOrigin, JobInput, Plan, PlannedStage, WorkerBounds
from pipeline.jobs.secrets import SecretSource
from pipeline.prepare import confinement
from pipeline.prepare.inputs import describe
from pipeline.prepare.preparation import Preparation
from pipeline.prepare.readiness import Readiness
from pipeline.values import fields_of, plain, replace


def unnamed(preparation: Preparation, environments: Mapping[str, JobEnvironment], settings: Settings) -> Plan:
    """The plan without the job's id and time. It reads the whole input, whose digest is part of the plan."""
    request, planned, ready = preparation.request, preparation.planned, preparation.ready
    origins = {name: _origin(each) for name, each in environments.items()}
    tools = _tools(ready)
    programs = _programs(preparation, origins, tools)
    return Plan(
        schema=1,
        job_id="",
        created_at="",
        workflow=preparation.workflow.name,
        input=_input(preparation),
        parameters={
            name: value.text if isinstance(value, SecretSource) else value
            for name, value in preparation.values.parameters.items()
        },
        environments={name: f"venv/{name}" for name in environments},
        environment_keys={name: each.build.key for name, each in environments.items()},
        environment_sources=origins,
        environment_locks={name: lock for name, each in environments.items() if (lock := _lock_of(each.build))},
        environment_variables=_variables(ready),
        stage_environments={stage.name: stage.environment for stage in planned.stages},
        tools=tools,
        tool_versions=_tool_versions(ready),
        models=dict(preparation.models),
        unconfined=preparation.unconfined,
        inherits_environment=request.inherits_environment,
        allows_code=request.allows_code,
        stages=tuple(programs[stage.name] for stage in planned.stages),
        services=tuple(replace(each, stage=programs[each.name]) for each in planned.services),
        deliver=planned.deliver,
        asked=dict(request.parameters),
        decisions=preparation.values.decisions.records,
        model_decision=preparation.model_decision,
        beside=_beside(preparation),
        disk_needed=preparation.disk_needed,
        grace_seconds=settings.grace_seconds,
        cache_limit=settings.cache_limit,
        workers=WorkerBounds(**fields_of(settings.workers)),
        timeout_seconds=planned.timeout_seconds,
    )


def named(plan: Plan, id: str) -> Plan:
    """The plan of job ``id``, made now."""
    from pipeline.config.source import schema_errors

    complete = replace(plan, job_id=id, created_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
    errors = schema_errors(plain(complete), "job")
    if errors:
        raise AssertionError(f"a job that its own schema refuses: {errors[0]}")
    return complete


def _input(preparation: Preparation) -> JobInput:
    """A file that a job was prepared for already, and that hasn't changed, isn't read once more."""
    earlier = preparation.request.extends
    if earlier and is_unchanged(earlier.plan.input, preparation.file):
        return earlier.plan.input
    return describe(preparation.file, preparation.media.duration_s if preparation.media else None)


def _beside(preparation: Preparation) -> BesideInput | None:
    request = preparation.request
    before = request.extends.plan.beside if request.extends else None
    if not request.beside and before is None:
        return None
    return BesideInput(preparation.planned.beside, request.overwrite or (before is not None and before.overwrite))


def _origin(environment: JobEnvironment) -> EnvironmentOrigin:
    stands_in = environment.source in (EnvironmentSource.LEGACY, EnvironmentSource.DEGRADED)
    return EnvironmentOrigin(
        environment.source,
        place=environment.place if environment.source in EXTERNAL else None,
        migration_target=f"venv/{environment.build.name}" if stands_in else None,
        warning=environment.warning or None,
    )


def _tools(ready: Readiness) -> dict[str, dict[str, str]]:
    return {
        environment: {tool.name: tool.provider.name if tool.provider else "PATH" for tool in tools}
        for environment, tools in ready.tools.items()
        if tools
    }


def _tool_versions(ready: Readiness) -> dict[str, dict[str, tuple[str, ...]]]:
    definitions = (ready.environments[name] for name, tools in ready.tools.items() if tools)
    return {each.name: dict(each.tool_versions) for each in definitions if each.tool_versions}


def _variables(ready: Readiness) -> dict[str, dict[str, str]]:
    """Those that a person set, as they were written. The usual ones are no part of the plan: they are the project's."""
    return {name: dict(each.variables) for name, each in ready.environments.items() if each.variables}


def _lock_of(build: Build) -> str | None:
    """The digest of the lock that it was built from; ``None`` for an external environment."""
    return build.marker.key_input.lock if build.marker else None


def _programs(
    preparation: Preparation,
    origins: Mapping[str, EnvironmentOrigin],
    tools: Mapping[str, Mapping[str, str]],
) -> dict[str, PlannedStage]:
    """Stages and services by name.

    Stages whose results must not be shared with other jobs are marked, as a stage's own block may mark them.

    What an environment's definition passes, all its stages get. Bounds that can't be had here are left out.
    """
    planned, ready = preparation.planned, preparation.ready
    apart = environment_sources.unshared(planned.programs, origins, tools)
    passed = {each.name: (*each.passed, *ready.environments[each.environment].passed) for each in planned.programs}
    return {
        each.name: replace(
            each, cache=each.cache and each.name not in apart, passed=tuple(dict.fromkeys(passed[each.name]))
        )
        for each in (map(confinement.lifted, planned.programs) if preparation.unconfined else planned.programs)
    }
