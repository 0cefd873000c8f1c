"""``pipeline env list``."""

import click

from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.output import print_json, print_table
from pipeline.config import environments
from pipeline.config.catalog import Catalog
from pipeline.errors import ConfigurationError
from pipeline.extensions import origin


@click.command("list")
@json_option
@root_option
def command(as_json: bool) -> None:
    """List the environments that the project defines, and those that it extends."""
    catalog = Catalog(project())
    rows = [{**_row(catalog, name), "from": _origin(catalog, name)} for name in catalog.environment_names]
    if as_json:
        print_json("environment-list", rows)
    else:
        origin = ("from",) if catalog.project.extended else ()
        shown = ("name", "python", "lock", *origin, "description", "problem")
        cells = [[row[column] or "" for column in shown] for row in rows]
        print_table(["environment", *shown[1:]], cells, "no environment is defined")


def _origin(catalog: Catalog, name: str) -> str:
    return origin(catalog.project, environments.layer_of(catalog.project, name))


def _row(catalog: Catalog, name: str) -> dict[str, str | None]:
    """A broken definition has a row, too, which says so."""
    try:
        definition = catalog.environment(name)
    except ConfigurationError as error:
        return {"name": name, "python": None, "lock": None, "description": None, "problem": error.message}
    return {
        "name": name,
        "python": definition.python,
        "lock": definition.lock.name if definition.lock else "",
        "description": definition.description,
        "problem": None,
    }
