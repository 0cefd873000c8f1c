"""``pipeline model gc``, and how removed models are shown."""

from collections.abc import Sequence

import click

from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.output import print_json, print_table
from pipeline.config.catalog import Catalog
from pipeline.errors import NotReady
from pipeline.project import ProjectFolder
from pipeline.setup import models
from pipeline.setup.models import ModelRemoval, StoredModel
from pipeline.sizes import show_size
from pipeline.text import counted


@click.command("gc")
@click.option("--dry-run", is_flag=True, help="Only show what would be removed.")
@json_option
@root_option
def command(dry_run: bool, as_json: bool) -> None:
    """Remove models that no definition names any more, and fetches that were given up.

    A model that an unfinished job needs stays, and so does one that is being fetched.
    """
    catalog = Catalog(project())
    report(catalog.project, list(models.useless(catalog)), dry_run, as_json, "model-gc")


def report(here: ProjectFolder, removals: Sequence[ModelRemoval], dry_run: bool, as_json: bool, kind: str) -> None:
    """Remove, unless it is only to be shown, and show it. Raises ``NotReady`` where something stays."""
    refused: dict[str, str] = {}

    def refuse(folder: StoredModel, why: str) -> None:
        refused[folder.path.name] = why

    freed = 0 if dry_run else models.remove(here, [each.folder for each in removals], refuse)
    gone = [each for each in removals if each.folder.path.name not in refused]
    rows = [
        {"name": each.folder.name, "folder": each.folder.path.name, "why": each.reason, "size": each.folder.size}
        for each in gone
    ]
    if as_json:
        print_json(kind, {"dry_run": dry_run, "freed": freed, "removed": rows, "kept": refused})
    else:
        _show(gone, dry_run, freed)
    if refused:
        raise NotReady("\n".join(f"{name} stays: {why}" for name, why in refused.items()), "pipeline model status")


def _show(gone: Sequence[ModelRemoval], dry_run: bool, freed: int) -> None:
    if gone:
        cells = [[each.folder.name, each.reason, show_size(each.folder.size)] for each in gone]
        print_table(["model", "why", "size"], cells, "")
    count = counted(len(gone), "model")
    click.echo(f"{count} would be removed" if dry_run else f"{count} removed, {show_size(freed)} freed")
