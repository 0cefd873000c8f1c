"""``pipeline env list``."""

import click

from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.output import print_json, print_table
from pipeline.config.catalog import Catalog
from pipeline.envs.definition import Definition


@click.command("list")
@json_option
@root_option
def command(as_json: bool) -> None:
    """List the environments that the project defines."""
    catalog = Catalog(project())
    rows = [_defined(catalog.environment(name)) for name in catalog.environment_names]
    if as_json:
        print_json("environment-list", rows)
    else:
        cells = [[row["name"], row["python"], row["lock"], row["description"]] for row in rows]
        print_table(["environment", "python", "lock", "description"], cells, "no environment is defined")


def _defined(definition: Definition) -> dict[str, str]:
    return {
        "name": definition.name,
        "python": definition.python,
        "lock": definition.lock.name if definition.lock else "",
        "description": definition.description,
    }
