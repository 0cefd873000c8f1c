"""``pipeline model lock``."""

import click

from pipeline.cli import completion
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.model.progress import show_step
from pipeline.cli.output import print_json
from pipeline.config.catalog import Catalog
from pipeline.models import lock_update
from pipeline.models.fetcher import fetcher_for


@click.command("lock")
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=completion.models)
@click.option("--upgrade", is_flag=True, help="Also where it is locked: to what the repository has now.")
@json_option
@root_option
def command(names: tuple[str, ...], upgrade: bool, as_json: bool) -> None:
    """Write down which files a model is made of: the commit, and each file's SHA-256 and size.

    What is locked is what is fetched, ever after. The locks, requirements/models/NAME.lock, belong in version control.
    """
    catalog = Catalog(project())
    fetcher = fetcher_for(catalog)
    rows = []
    for name in dict.fromkeys(names):
        change = lock_update.lock(catalog.project, catalog.model(name), fetcher, show_step, upgrade)
        rows.append(
            {
                "name": name,
                "before": change.before.revision if change.before else None,
                "revision": change.now.revision,
                "size": change.now.size,
                "files": change.files,
            }
        )
        if not as_json:
            _show(name, change)
    if as_json:
        print_json("model-lock", rows)


def _show(name: str, change: lock_update.LockChange) -> None:
    lock = f"requirements/models/{name}.lock"
    if change.before == change.now:
        click.echo(f"{lock} is as it was, at {change.now.revision[:12]}")
        return
    was = f"{change.before.revision[:12]} → " if change.before else ""
    click.echo(f"{lock} written: {was}{change.now.revision[:12]}")
    for file, kind in change.files.items():
        click.echo(f"  {kind} {file}")
    click.echo(f"next: pipeline model fetch {name}")
