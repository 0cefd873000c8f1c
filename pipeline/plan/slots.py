"""Checks that an entry of a workflow fits the stage that it uses, and merges how both want it to be run."""

from collections.abc import Mapping
from typing import Any

from pipeline import policy
from pipeline.config.stages import StageSpec
from pipeline.config.workflows import StageUse, WorkflowSpec
from pipeline.errors import did_you_mean
from pipeline.jobs.plan import Retries
from pipeline.policy import ResourceRequest
from pipeline.sizes import parse_size

SIZES = ("memory", "gpu_memory")


def check(workflow: WorkflowSpec, use: StageUse, spec: StageSpec) -> None:
    """Raises ``ConfigurationError`` for a slot that the stage doesn't have, and for one that must not stay empty."""
    for kind, filled, known in (
        ("inputs", use.inputs, spec.inputs),
        ("parameters", use.parameters, tuple(spec.parameters)),
        ("models", use.models, (*spec.models, *spec.optional_models)),
        ("services", use.services, spec.services),
    ):
        for slot in filled:
            if slot not in known:
                message = f"stage '{spec.name}' has no {kind[:-1]} '{slot}'{did_you_mean(slot, list(known))}"
                raise workflow.source.error(("stages", use.id, kind, slot), message)
        optional = () if kind in ("inputs", "services") else spec.optional_models if kind == "models" else known
        missing = [slot for slot in known if slot not in filled and slot not in optional]
        if missing:
            message = f"the {kind[:-1]} '{missing[0]}' of '{spec.name}' is missing"
            raise workflow.source.error(("stages", use.id), message)


def policy_of(workflow: WorkflowSpec, use: StageUse, spec: StageSpec) -> dict[str, Any]:
    """How the stage is run, as fields of ``PlannedStage``: the entry's own keys, and the stage's for the others."""
    chosen = policy.merged(spec.policy, use.policy)
    if "start" in chosen:
        chosen["start"] = tuple(chosen["start"])
    if "resources" in chosen:
        chosen["resources"] = ResourceRequest(**_whole(_in_bytes(workflow, use, chosen["resources"])))
    if "retries" in chosen:
        chosen["retries"] = Retries(**_whole(chosen["retries"]))
    return chosen


def _whole(amounts: Mapping[str, Any]) -> dict[str, Any]:
    """With 2.0 as 2: the schema takes both for a whole number, and the plan only an integer."""
    return {
        key: int(value) if isinstance(value, float) and value.is_integer() else value for key, value in amounts.items()
    }


def _in_bytes(workflow: WorkflowSpec, use: StageUse, amounts: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _bytes(workflow, use, value) if key in SIZES else value for key, value in amounts.items()}


def _bytes(workflow: WorkflowSpec, use: StageUse, size: int | str) -> int:
    try:
        return parse_size(size)
    except ValueError as error:
        raise workflow.source.error(("stages", use.id, "resources"), str(error)) from error
