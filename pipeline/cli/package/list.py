"""``pipeline package list``."""

import click

from pipeline.cli.context import json_option
from pipeline.cli.output import print_json, print_table


@click.command("list")
@json_option
def command(as_json: bool) -> None:
    """List the packages that are installed for this user."""
    from pipeline.packages import store

    there = list(store.installed())
    if as_json:
        rows = [{"name": each.name, "identity": each.folder.name, "folder": str(each.folder)} for each in there]
        print_json("package-list", rows)
        return
    cells = [[each.folder.name, each.name, str(each.folder)] for each in there]
    print_table(["PACKAGE", "WORKFLOW", "FOLDER"], cells, "no package is installed")
