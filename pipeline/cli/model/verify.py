"""``pipeline model verify``."""

import sys
from typing import Any

import click

from pipeline.cli import completion
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.output import print_json
from pipeline.config.catalog import Catalog
from pipeline.config.models import ModelSpec
from pipeline.errors import ExitCode, NotReady
from pipeline.models.store import ModelStore
from pipeline.setup import models
from pipeline.text import counted


@click.command("verify")
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=completion.models)
@json_option
@root_option
def command(names: tuple[str, ...], as_json: bool) -> None:
    """Read every byte of the models that are fetched, and name each file that isn't what was locked.

    Such a file is taken out of the store, so that the next fetch brings it, and it alone.
    """
    catalog = Catalog(project())
    store = ModelStore(catalog.project.model_store)
    specs = [catalog.model(name) for name in names] or [
        each for each in catalog.models.values() if each.is_locked and store.folder(each.name, each.digest).is_dir()
    ]
    rows = [_verified(store, spec) for spec in specs]
    damaged = [each for each in rows if each["problems"]]
    if as_json:
        print_json("model-verify", rows)
        sys.exit(ExitCode.NOT_READY if damaged else ExitCode.OK)
    if damaged:
        lines = [f"model {each['name']}: {file} {why}" for each in damaged for file, why in each["problems"].items()]
        raise NotReady("\n".join(lines), f"pipeline model fetch {' '.join(each['name'] for each in damaged)}")
    click.echo(f"{counted(len(rows), 'model')} whole" if rows else "no model is fetched")


def _verified(store: ModelStore, spec: ModelSpec) -> dict[str, Any]:
    problems = models.altered_files(store, spec)
    models.distrust(store, spec, list(problems))
    return {"name": spec.name, "files": len(spec.files), "problems": problems}
