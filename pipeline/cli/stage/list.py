"""``pipeline stage list``."""

import click

from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.output import print_json, print_table
from pipeline.cli.stage_facts import facts
from pipeline.config.catalog import Catalog
from pipeline.errors import ConfigurationError


@click.command("list")
@json_option
@root_option
def command(as_json: bool) -> None:
    """List the stages that the project defines, and those that it extends."""
    catalog = Catalog(project())
    rows = [_row(catalog, name) for name in catalog.stage_names]
    if as_json:
        print_json("stage-list", rows)
        return
    origin = ("from",) if catalog.project.extended else ()
    shown = ("name", "kind", "environment", *origin, "description", "problem")
    cells = [[str(row[column] or "") for column in shown] for row in rows]
    print_table(["stage", *shown[1:]], cells, "the project has no stage")


def _row(catalog: Catalog, name: str) -> dict[str, object]:
    """A stage whose file is wrong has a row, too, which says so."""
    empty = dict.fromkeys(("kind", "environment", "from", "description", "file"))
    try:
        found = facts(catalog, name)
    except ConfigurationError as error:
        return {"name": name, **empty, "problem": error.message}
    return {"name": name, **{key: found[key] for key in empty}, "problem": None}
