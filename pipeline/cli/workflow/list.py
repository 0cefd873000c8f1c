"""``pipeline workflow list``."""

import click

from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.output import print_json, print_table
from pipeline.cli.workflow.rows import as_row
from pipeline.config.catalog import Catalog


@click.command("list")
@json_option
@root_option
def command(as_json: bool) -> None:
    """List the workflows that the project defines, and those that it extends."""
    catalog = Catalog(project())
    rows = [as_row(catalog, catalog.workflow(name)) for name in catalog.workflow_names]
    if as_json:
        print_json("workflow-list", rows)
    else:
        extra = ["from"] if catalog.project.extended else []
        cells = [
            [row["name"], ", ".join(row["environments"]), *(row[key] for key in extra), row["description"]]
            for row in rows
        ]
        print_table(["workflow", "environments", *extra, "description"], cells, "the project has no workflow")
