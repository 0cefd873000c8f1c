"""``pipeline schema``: what editors check a project's files with."""

import os
from pathlib import Path

import click

from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.output import print_json
from pipeline.scaffold import editor_schemas
from pipeline.scaffold.editor_schemas import FOLDER, LINE, SOURCE

# Where a file of each kind stands, and its schema.
KINDS = {
    "config/pipeline.yaml": "settings.json",
    "config/clusters.yaml": "clusters.json",
    "config/models.yaml": "models.json",
    "config/environments/*.yaml": "environment.json",
    "config/workflows/*.yaml": "workflow.json",
    "stages/*.yaml": "command-stage.json",
}


@click.command("schema")
@click.option("--path", "shows_path", is_flag=True, help="Only say where the schemas of this installation stand.")
@json_option
@root_option
def command(shows_path: bool, as_json: bool) -> None:
    """Put the schemas for editors into config/.schemas of the project, or bring them up to date.

    The first line of a file names its schema, and works in every editor with the YAML language server.
    """
    if shows_path:
        _say_path(as_json)
        return
    here = project()
    is_changed = editor_schemas.refresh(here)
    lines = {path: f"{LINE}{_relative(path, schema)}" for path, schema in KINDS.items()}
    if as_json:
        print_json("schema", {"folder": str(here.root / FOLDER), "changed": is_changed, "first_lines": lines})
        return
    click.echo(f"{here.root / FOLDER}: {'written' if is_changed else 'up to date'}")
    click.echo("the first line of a file, so that editors check it:")
    for path, line in lines.items():
        click.echo(f"  {path:28}{line}")


def _say_path(as_json: bool) -> None:
    if as_json:
        print_json("schema-path", {"folder": str(SOURCE)})
    else:
        click.echo(SOURCE)


def _relative(path: str, schema: str) -> str:
    return os.path.relpath(f"{FOLDER}/{schema}", Path(path).parent).replace(os.sep, "/")
