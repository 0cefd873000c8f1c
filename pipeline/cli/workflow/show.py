"""``pipeline workflow show``."""

from collections.abc import Iterator
from typing import Any

import click

from pipeline.cli import completion
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.output import print_json, print_table
from pipeline.cli.workflow.rows import as_row
from pipeline.config.catalog import Catalog


@click.command("show")
@click.argument("name", shell_complete=completion.workflows)
@json_option
@root_option
def command(name: str, as_json: bool) -> None:
    """Show a workflow's stages with their environments, and its parameters."""
    catalog = Catalog(project())
    workflow = catalog.workflow(name)
    row = as_row(catalog, workflow)
    if as_json:
        print_json("workflow", row)
        return
    click.echo(f"{name}: {workflow.description}" if workflow.description else name)
    stages = [
        [each["name"], each["environment"], ", ".join(each["needs"]), " and ".join(each["when"])]
        for each in row["stages"]
    ]
    print_table(["stage", "environment", "after", "only when"], stages, "")
    for line in _services(row["stages"]):
        click.echo(line)
    engines = [[each["name"], each["kind"], ", ".join(each["engines"])] for each in row["decisions"]]
    if engines:
        print_table(["decided when a job is prepared", "for", "among"], engines, "")
    parameters = [
        [each["name"], each["type"], "(required)" if each["required"] else _shown(each["default"]), _description(each)]
        for each in row["parameters"]
    ]
    print_table(["parameter", "type", "default", "description"], parameters, "no parameters")


def _services(stages: list[dict[str, Any]]) -> Iterator[str]:
    """Who uses which service."""
    names = dict.fromkeys(name for each in stages for name in each["services"].values())
    for name in names:
        users = [each["name"] for each in stages if name in each["services"].values()]
        yield f"{name} is a service, for {', '.join(users)}"


def _shown(default: Any) -> str:
    if isinstance(default, list):
        return ",".join(map(str, default))
    return str(default).lower() if isinstance(default, bool) else "" if default is None else str(default)


def _description(row: dict[str, Any]) -> str:
    choices = f"one of {', '.join(map(str, row['choices']))}" if row["choices"] else ""
    return "; ".join(filter(None, [row["description"], choices]))
