"""``pipeline model fetch``."""

import click

from pipeline.cli import completion
from pipeline.cli.bootstrap_display import LiveDisplay, PlainDisplay
from pipeline.cli.context import json_option, on_terminal, project, root_option
from pipeline.cli.model.list import row
from pipeline.cli.output import print_json
from pipeline.config.catalog import Catalog
from pipeline.errors import NotReady
from pipeline.models.fetcher import fetcher_for
from pipeline.models.store import ModelStore
from pipeline.setup.models import fetch_task
from pipeline.setup.tasks import carry_out


@click.command("fetch")
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=completion.models)
@click.option("--offline", is_flag=True, help="Don't use the network: only folders, and what is in a cache.")
@json_option
@root_option
def command(names: tuple[str, ...], offline: bool, as_json: bool) -> None:
    """Fetch models, each file verified as it comes. What was interrupted goes on where it stopped.

    A model that was never fetched before is locked first; its lock belongs in version control.
    """
    catalog = Catalog(project())
    fetcher = fetcher_for(catalog, offline)
    tasks = [fetch_task(catalog, fetcher, catalog.model(name)) for name in dict.fromkeys(names)]
    with LiveDisplay() if on_terminal() else PlainDisplay() as display:
        failures = carry_out(tasks, display)
    if failures:
        steps = dict.fromkeys(error.next_step for error in failures if error.next_step)
        raise NotReady("\n".join(error.message for error in failures), "\n".join(steps) or None)
    if as_json:
        now = Catalog(catalog.project)
        print_json("model-fetch", [row(ModelStore(now.project.model_store), now.model(name)) for name in names])
