"""Entries of a workflow that are services: what they may say, and who uses them."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pipeline.config.services import NESTED
from pipeline.config.stages import StageSpec
from pipeline.config.workflows import StageUse, WorkflowSpec
from pipeline.errors import did_you_mean
from pipeline.jobs.plan import PlannedService, PlannedStage

# What an entry may say of a stage and not of a service, with the reason.
UNFIT = {
    "for_each": "a service is one for all that use it",
    "after": "a service is started when a stage needs it",
    "disk": "a service has no outputs",
    "start": "a service is always a process of its own",
    "timeout_seconds": "a service runs for as long as it is used",
    "expected_seconds": "a service runs for as long as it is used",
    "expected_per_second": "a service runs for as long as it is used",
    "cache": "a service has no result that could be kept",
    "retries": "a service is started again by 'restarts' in its stage's table",
    "network": "a service without network can't be reached",
    "read_only": "a service can't be confined yet",
    "services": NESTED,
}


def check(workflow: WorkflowSpec, use: StageUse, spec: StageSpec) -> None:
    """Raises ``ConfigurationError`` for what means nothing for a service, and for a service that no stage uses."""
    if spec.service is None:
        return
    for key, reason in UNFIT.items():
        if key in (workflow.source.value["stages"][use.id] or {}):
            raise workflow.source.error(("stages", use.id, key), reason, f"leave '{key}' out")
    if not any(use.id in other.services.values() for other in workflow.stages.values()):
        message = f"'{use.id}' is a service ({spec.name}), and no stage uses it"
        raise workflow.source.error(
            ("stages", use.id), message, f"write services: {{NAME: {use.id}}} into the stage that does"
        )


def of_entry(
    workflow: WorkflowSpec,
    use: StageUse,
    spec_of: Callable[[StageUse], StageSpec],
    is_planned: Callable[[StageUse], bool],
) -> dict[str, str]:
    """The services that an entry uses. Raises ``ConfigurationError`` for one that isn't a service, or isn't planned."""
    for slot, id in use.services.items():
        keys = ("stages", use.id, "services", slot)
        other = workflow.stages.get(id)
        if other is None:
            raise workflow.source.error(keys, f"no stage '{id}'{did_you_mean(id, list(workflow.stages))}")
        if spec_of(other).service is None:
            file = spec_of(other).file
            message = f"'{id}' is no service: stages/{file.name} has no table 'service'"
            raise workflow.source.error(keys, message, f"add one to stages/{file.name}, or name a service")
        if not is_planned(other):
            only = " and ".join(map(str, other.when))
            message = f"'{id}' isn't in the plan (it is there only when {only})"
            raise workflow.source.error(keys, message, f"give '{use.id}' the same 'when'")
    return dict(use.services)


def check_reachable(workflow: WorkflowSpec, use: StageUse, policy: Mapping[str, Any]) -> None:
    """Raises ``ConfigurationError`` for a stage that uses a service and has no network to reach it."""
    if use.services and policy.get("network") is False:
        message = f"'{use.id}' uses a service and has no network (network: false), so that it couldn't reach it"
        raise workflow.source.error(("stages", use.id, "services"), message, "leave 'network: false' out")


def used(stages: Iterable[PlannedStage], services: Mapping[str, PlannedStage]) -> tuple[PlannedService, ...]:
    """The services that some stage of the plan uses."""
    names = {name for stage in stages for name in stage.services.values()}
    return tuple(PlannedService(stage) for name, stage in services.items() if name in names)
