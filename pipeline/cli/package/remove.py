"""``pipeline package remove``."""

import click

from pipeline.cli.context import json_option
from pipeline.cli.output import print_json


@click.command("remove")
@click.argument("identity", metavar="PACKAGE")
@click.option("--with-jobs", is_flag=True, help="With its jobs and their results.")
@json_option
def command(identity: str, with_jobs: bool, as_json: bool) -> None:
    """Remove an installed package, by the name that 'pipeline package list' shows.

    Its environments and models stay in the user's store until 'pipeline env gc' and 'pipeline model gc' remove them.
    """
    from pipeline.packages import store

    folder = store.remove(identity, with_jobs)
    if as_json:
        print_json("package-remove", {"identity": identity, "folder": str(folder)})
    else:
        click.echo(f"{identity} is removed")
