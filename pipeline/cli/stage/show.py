"""``pipeline stage show``."""

import json
import shlex

import click

from pipeline.cli import completion
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.output import print_json, print_table
from pipeline.cli.stage_facts import facts
from pipeline.config.catalog import Catalog
from pipeline.config.source import require_name
from pipeline.services.definition import HTTP
from pipeline.text import printable


@click.command("show")
@click.argument("name", shell_complete=completion.stages)
@json_option
@root_option
def command(name: str, as_json: bool) -> None:
    """Show a stage's environment, inputs, parameters, models and outputs."""
    catalog = Catalog(project())
    require_name("stage", name, catalog.stage_names, "pipeline stage list")
    found = facts(catalog, name)
    if as_json:
        print_json("stage", found)
        return
    click.echo(f"{name}: {found['description']}" if found["description"] else name)
    click.echo(f"file {found['file']}, environment {found['environment']}")
    if started := (found["command"] and shlex.join(found["command"])) or found["shell"]:
        click.echo(f"starts: {printable(started.strip())}")
    if found["service"]:
        click.echo(f"a service, with the ports: {', '.join(found['service'].get('ports', (HTTP,)))}")
    rows = [
        *(["input", each, "", ""] for each in found["inputs"]),
        *(["parameter", each["name"], each["type"], _shown(each["default"])] for each in found["parameters"]),
        *(["model", each["slot"], "", "" if each["required"] else "(may be left out)"] for each in found["models"]),
        *(["service", each, "", "(stage.service)"] for each in found["services"]),
        *(["output", slot, "", pattern] for slot, pattern in found["outputs"].items()),
    ]
    print_table(["", "name", "type", "default or file"], rows, "it declares no inputs, parameters or outputs")


def _shown(default: object) -> str:
    return default if isinstance(default, str) else json.dumps(default, ensure_ascii=False)
