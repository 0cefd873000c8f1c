"""What is started for one of a job's services: the same for all jobs in which it has the same key."""

import os
from pathlib import Path

from pipeline.config import shared_modules, stages
from pipeline.digests import sha256_of_file, tagged_digest
from pipeline.envs import inheritance
from pipeline.envs.build import Build
from pipeline.envs.registry import MARKER
from pipeline.errors import ConfigurationError
from pipeline.host.resources import Grant
from pipeline.jobs.plan import PlannedService, PlannedStage
from pipeline.project import ProjectFolder
from pipeline.run import command_files
from pipeline.run.invocation_file import SCHEMA, InvocationFile
from pipeline.run.invocations import Invocations
from pipeline.sdk.protocol import RUN_VARIABLE
from pipeline.services.definition import ServiceDefinition
from pipeline.services.order import ServiceOrder
from pipeline.values import plain, replace


def order_of(project: ProjectFolder, invocations: Invocations, service: PlannedService) -> ServiceOrder:
    """Raises ``ConfigurationError`` where the file of its stage isn't there, and ``NotReady`` for a secret."""
    stage, keys, runtime = service.stage, invocations.keys, invocations.runtime
    key = keys.of_service(service.name).digest
    interpreter = runtime.interpreters[stage.environment]
    variables = {**interpreter.variables, **inheritance.passed(os.environ, stage.passed)}
    content, definition = _invocation(invocations, stage), definition_of(project, stage.uses)
    return ServiceOrder(
        # Another definition, such as of its ports, is another process; so is that of another project.
        key=tagged_digest("service", {"key": key, "of": plain(definition), "project": str(project.root)}),
        name=stage.uses,
        project=str(project.root),
        definition=definition,
        python=str(interpreter.python),
        prefix=str(interpreter.prefix),
        # It is no process of this run, which would be ended with it.
        variables={name: value for name, value in variables.items() if name != RUN_VARIABLE},
        stage_file=content.stage_file,
        # Its folders are the supervisor's.
        invocation={name: value for name, value in plain(content).items() if name not in ("work", "output_folder")},
        modules=tuple(content.modules),
        sources=_sources(invocations, stage),
        log=str(invocations.job.log(service.name)),
        lease=_lease(runtime.builds.get(stage.environment)),
        secrets=dict(keys.secrets(stage)),
        resources=stage.resources,
    )


def definition_of(project: ProjectFolder, uses: str) -> ServiceDefinition:
    """How the service is asked, stopped and started again, as its stage's file says now.

    Raises ``ConfigurationError`` where it isn't a service (any more).
    """
    definition = stages.load(project, uses).service
    if definition is None:
        file = project.shown(project.stage_file(uses))
        raise ConfigurationError(f"{file} is no service any more", f"put its table 'service' back into {file}")
    return definition


def with_grant(order: ServiceOrder, grant: Grant) -> ServiceOrder:
    """With its share of the machine."""
    return replace(
        order,
        variables={**order.variables, **grant.variables},
        invocation={**order.invocation, "cpus": max(1, int(grant.cpus))},
    )


def _invocation(invocations: Invocations, stage: PlannedStage) -> InvocationFile:
    keys = invocations.keys
    command = keys.command(stage.uses)
    modules = [command_files.WORDS] if command else [keys.module(stage, name).path for name in stage.modules]
    return InvocationFile(
        schema=SCHEMA,
        arguments=keys.arguments(stage),
        stage_file=str(command_files.RUNNER if command else keys.file(stage.uses)),
        modules=list(map(str, modules)),
        inputs={},
        models={slot: str(invocations.runtime.models[name]) for slot, name in stage.models.items()},
        output_folder="",
        work="",
        cpus=1,
        command=command.invocation if command else None,
    )


def _sources(invocations: Invocations, stage: PlannedStage) -> dict[str, str]:
    keys = invocations.keys
    if command := keys.command(stage.uses):
        return {path: sha256_of_file(Path(path)) for path in command.invocation.files.values()}
    modules = [file for name in stage.modules for file in shared_modules.files_of(keys.module(stage, name).path)]
    return {str(keys.file(stage.uses)): keys.source(stage.uses)} | {str(each): sha256_of_file(each) for each in modules}


def _lease(build: Build | None) -> str:
    return str(build.prefix / MARKER) if build and build.is_ours else ""
