"""A workflow as the commands show it."""

from typing import Any

from pipeline.config.catalog import Catalog
from pipeline.config.workflows import DecisionSpec, ParameterSpec, StageUse, WorkflowSpec
from pipeline.extensions import origin
from pipeline.references import JOB_INPUT, alternatives, split


def as_row(catalog: Catalog, workflow: WorkflowSpec) -> dict[str, Any]:
    """The workflow as it is written: a fan-out is one entry, since its members depend on parameters."""
    stages = [_stage(catalog, use) for use in workflow.stages.values()]
    return {
        "name": workflow.name,
        "description": workflow.description,
        "from": origin(catalog.project, catalog.project.owner(workflow.source.path)),
        "environments": sorted({stage["environment"] for stage in stages}),
        "stages": stages,
        "decisions": [_decision(catalog, workflow, spec) for spec in workflow.decisions.values()],
        "parameters": [_parameter(spec) for spec in workflow.parameters.values()],
    }


def _stage(catalog: Catalog, use: StageUse) -> dict[str, Any]:
    references = [reference for text in use.inputs.values() for reference in alternatives(text)]
    inputs = [split(reference)[0] for reference in references if reference != JOB_INPUT]
    return {
        "name": f"{use.id}_…" if use.for_each else use.id,
        "uses": use.uses,
        "environment": catalog.stage(use.uses).environment,
        "needs": list(dict.fromkeys([*inputs, *use.after])),
        "services": dict(use.services),
        "when": [str(condition) for condition in use.when],
    }


def _decision(catalog: Catalog, workflow: WorkflowSpec, spec: DecisionSpec) -> dict[str, Any]:
    """With the engines whose stages the workflow has, the best first."""
    used = {use.uses for use in workflow.stages.values()}
    able = [each for each in catalog.engines.values() if each.kind == spec.kind and each.stage in used]
    ranked = sorted(able, key=lambda each: -each.quality)
    return {"name": spec.name, "kind": spec.kind, "engines": [each.name for each in ranked]}


def _parameter(spec: ParameterSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "type": spec.type,
        "required": spec.required or bool(spec.at_least),
        "default": spec.default,
        "choices": list(spec.choices),
        "description": spec.description,
    }
