"""``pipeline workflow``: what workflows there are, and what one is made of."""

from typing import Any

import click

from pipeline.cli import completion
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.output import print_json, print_table
from pipeline.references import JOB_INPUT, split
from pipeline.spec.catalog import Catalog
from pipeline.spec.workflows import ParameterSpec, StageUse, WorkflowSpec


@click.group("workflow")
def group() -> None:
    """Workflows: what there is, and what one needs."""


@group.command("list")
@json_option
@root_option
def list_(as_json: bool) -> None:
    """List the workflows that the project defines."""
    catalog = Catalog(project())
    rows = [_described(catalog, catalog.workflow(name)) for name in catalog.workflow_names]
    if as_json:
        print_json("workflow-list", rows)
    else:
        cells = [[row["name"], ", ".join(row["environments"]), row["description"]] for row in rows]
        print_table(["workflow", "environments", "description"], cells, "no workflow is defined")


@group.command()
@click.argument("name", shell_complete=completion.workflows)
@json_option
@root_option
def show(name: str, as_json: bool) -> None:
    """Show a workflow's stages with their environments, and its parameters."""
    catalog = Catalog(project())
    workflow = catalog.workflow(name)
    row = _described(catalog, workflow)
    if as_json:
        print_json("workflow", row)
        return
    click.echo(f"{name}: {workflow.description}" if workflow.description else name)
    stages = [[each["name"], each["environment"], ", ".join(each["needs"])] for each in row["stages"]]
    print_table(["stage", "environment", "after"], stages, "")
    parameters = [
        [each["name"], each["type"], "(required)" if each["required"] else str(each["default"]), each["description"]]
        for each in row["parameters"]
    ]
    print_table(["parameter", "type", "default", "description"], parameters, "no parameters")


def _described(catalog: Catalog, workflow: WorkflowSpec) -> dict[str, Any]:
    """As it is written: a fan-out stands once, since its members depend on parameters."""
    stages = [_stage(catalog, use) for use in workflow.stages.values()]
    return {
        "name": workflow.name,
        "description": workflow.description,
        "environments": sorted({stage["environment"] for stage in stages}),
        "stages": stages,
        "parameters": [_parameter(spec) for spec in workflow.parameters.values()],
    }


def _stage(catalog: Catalog, use: StageUse) -> dict[str, Any]:
    inputs = [split(reference)[0] for reference in use.inputs.values() if reference != JOB_INPUT]
    return {
        "name": f"{use.id}_…" if use.for_each else use.id,
        "uses": use.uses,
        "environment": catalog.stage(use.uses).environment,
        "needs": list(dict.fromkeys([*inputs, *use.after])),
    }


def _parameter(spec: ParameterSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "type": spec.type,
        "required": spec.required,
        "default": spec.default,
        "description": spec.description,
    }
