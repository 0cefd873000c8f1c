"""``pipeline model remove``."""

from collections.abc import Sequence

import click

from pipeline.cli import completion
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.model.gc import report
from pipeline.config.catalog import Catalog
from pipeline.errors import NotReady
from pipeline.setup import models
from pipeline.setup.models import ModelRemoval, StoredModel


@click.command("remove")
@click.argument("name", shell_complete=completion.models)
@click.option("--force", is_flag=True, help="Also where an unfinished job was prepared with it.")
@click.option("--dry-run", is_flag=True, help="Only show what would be removed.")
@json_option
@root_option
def command(name: str, force: bool, dry_run: bool, as_json: bool) -> None:
    """Remove a model's files; its entry and its lock stay, so that it can be fetched again."""
    catalog = Catalog(project())
    found = [each for each in models.folders(catalog.project) if each.name == name]
    if not found:
        catalog.model(name)
    needed = {} if force else models.needed_by(catalog.project)
    _require_own(catalog, found)
    for each in found:
        if job := needed.get(each.digest):
            raise NotReady(
                f"model '{name}' isn't removed: {job} isn't finished and was prepared with it",
                f"run-pipeline -j {job}\nor, to remove it all the same\npipeline model remove {name} --force",
            )
    report(catalog.project, [ModelRemoval(each, "named") for each in found], dry_run, as_json, "model-remove")


def _require_own(catalog: Catalog, found: Sequence[StoredModel]) -> None:
    """Raises ``NotReady`` where another project of the user's store needs one of them."""
    elsewhere = models.needed_elsewhere(catalog.project)
    for each in found:
        if elsewhere is None or each.digest in elsewhere:
            who = elsewhere[each.digest] if elsewhere else "another project of the store can't be read"
            raise NotReady(f"model '{each.name}' isn't removed: {who}", "pipeline model status")
