"""``pipeline env new``."""

import click

from pipeline.cli import new_definition
from pipeline.cli.context import json_option, project, root_option
from pipeline.config import environments
from pipeline.errors import UsageError
from pipeline.scaffold import definitions


@click.command("new")
@click.argument("name")
@click.argument("requirements", nargs=-1, metavar="[REQUIREMENT]...")
@click.option("--python", "python", default=definitions.ANY_PYTHON, show_default=True, help="Its range of versions.")
@json_option
@root_option
def command(name: str, requirements: tuple[str, ...], python: str, as_json: bool) -> None:
    """Write an environment NAME that has the REQUIREMENTs, such as 'numpy>=2'."""
    here = project()
    files = definitions.environment(name, python, requirements)
    if name in environments.names(here):
        raise UsageError(f"there is an environment '{name}' already", f"pipeline env status {name}")
    new_definition.write(here, "env", name, files, [f"pipeline env lock {name}"], as_json)
