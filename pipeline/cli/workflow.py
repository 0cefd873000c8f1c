"""``pipeline workflow``: a project's workflows, with their stages and parameters."""

from typing import Any

import click

from pipeline.cli import completion
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.output import print_json, print_table
from pipeline.config.catalog import Catalog
from pipeline.config.workflows import DecisionSpec, ParameterSpec, StageUse, WorkflowSpec
from pipeline.references import JOB_INPUT, alternatives, split


@click.group("workflow")
def group() -> None:
    """Workflows of the project, with their stages and parameters."""


@group.command("list")
@json_option
@root_option
def list_(as_json: bool) -> None:
    """List the workflows that the project defines."""
    catalog = Catalog(project())
    rows = [_as_row(catalog, catalog.workflow(name)) for name in catalog.workflow_names]
    if as_json:
        print_json("workflow-list", rows)
    else:
        cells = [[row["name"], ", ".join(row["environments"]), row["description"]] for row in rows]
        print_table(["workflow", "environments", "description"], cells, "the project has no workflow")


@group.command()
@click.argument("name", shell_complete=completion.workflows)
@json_option
@root_option
def show(name: str, as_json: bool) -> None:
    """Show a workflow's stages with their environments, and its parameters."""
    catalog = Catalog(project())
    workflow = catalog.workflow(name)
    row = _as_row(catalog, workflow)
    if as_json:
        print_json("workflow", row)
        return
    click.echo(f"{name}: {workflow.description}" if workflow.description else name)
    stages = [
        [each["name"], each["environment"], ", ".join(each["needs"]), " and ".join(each["when"])]
        for each in row["stages"]
    ]
    print_table(["stage", "environment", "after", "only when"], stages, "")
    engines = [[each["name"], each["kind"], ", ".join(each["engines"])] for each in row["decisions"]]
    if engines:
        print_table(["decided when a job is prepared", "for", "among"], engines, "")
    parameters = [
        [each["name"], each["type"], "(required)" if each["required"] else _shown(each["default"]), _description(each)]
        for each in row["parameters"]
    ]
    print_table(["parameter", "type", "default", "description"], parameters, "no parameters")


def _as_row(catalog: Catalog, workflow: WorkflowSpec) -> dict[str, Any]:
    """The workflow as it is written: a fan-out is one entry, since its members depend on parameters."""
    stages = [_stage(catalog, use) for use in workflow.stages.values()]
    return {
        "name": workflow.name,
        "description": workflow.description,
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


def _shown(default: Any) -> str:
    if isinstance(default, list):
        return ",".join(map(str, default))
    return str(default).lower() if isinstance(default, bool) else "" if default is None else str(default)


def _description(row: dict[str, Any]) -> str:
    choices = f"one of {', '.join(map(str, row['choices']))}" if row["choices"] else ""
    return "; ".join(filter(None, [row["description"], choices]))
