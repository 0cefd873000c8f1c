"""``pipeline workflow``: what workflows there are, and what one is made of."""

from typing import Any

import click

from pipeline.cli import completion
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.output import print_json, print_table
from pipeline.plan.parameters import resolve
from pipeline.plan.planner import plan
from pipeline.spec.catalog import Catalog
from pipeline.spec.workflows import ParameterSpec, WorkflowSpec


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
    click.echo(f"{name}: {workflow.description}")
    stages = [[each["name"], each["environment"], ", ".join(each["needs"])] for each in row["stages"]]
    print_table(["stage", "environment", "after"], stages, "")
    parameters = [[each["name"], each["type"], str(each["default"]), each["description"]] for each in row["parameters"]]
    print_table(["parameter", "type", "default", "description"], parameters, "no parameters")


def _described(catalog: Catalog, workflow: WorkflowSpec) -> dict[str, Any]:
    planned = plan(workflow, resolve(workflow, {}, catalog), catalog)
    return {
        "name": workflow.name,
        "description": workflow.description,
        "environments": planned.environments,
        "stages": [
            {"name": stage.name, "uses": stage.uses, "environment": stage.environment, "needs": list(stage.needs)}
            for stage in planned.stages
        ],
        "parameters": [_parameter(spec) for spec in workflow.parameters.values()],
    }


def _parameter(spec: ParameterSpec) -> dict[str, Any]:
    return {"name": spec.name, "type": spec.type, "default": spec.default, "description": spec.description}
