"""``pipeline env register``."""

from functools import partial
from pathlib import Path

import click

from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.output import print_json
from pipeline.cli.value_types import NamedPath


@click.command("register")
@click.argument("file", type=NamedPath(path_type=Path))
@click.option("--name", metavar="NAME", help="The stage's name here; default: that of the file.")
@json_option
@root_option
def command(file: Path, name: str | None, as_json: bool) -> None:
    """Add a stage that brings its own environment to the project.

    FILE is a stage whose '# /// script' block has requires-python and dependencies. It is checked and locked first,
    then copied into stages/. No existing file is overwritten.
    """
    from pipeline.setup.registration import register

    here = project()
    done = register(here, file.absolute(), name, partial(click.echo, err=True))
    stage, lock = (str(path.relative_to(here.root)) for path in (done.stage, done.lock))
    if as_json:
        print_json("env-register", {"name": done.name, "stage": stage, "lock": lock})
        return
    click.echo(f"{stage} and {lock} written")
    click.echo(f"next: bootstrap --env {done.name}")
