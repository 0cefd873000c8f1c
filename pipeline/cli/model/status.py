"""``pipeline model status``."""

import click

from pipeline.cli import completion
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.model.list import row
from pipeline.cli.output import print_json, print_table
from pipeline.config.catalog import Catalog
from pipeline.models.store import ModelStore, is_local
from pipeline.setup import models
from pipeline.setup.models import StoredModel
from pipeline.sizes import show_size


@click.command("status")
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=completion.models)
@json_option
@root_option
def command(names: tuple[str, ...], as_json: bool) -> None:
    """Show the models that are fetched: their state, their size, and which unfinished job needs them."""
    catalog = Catalog(project())
    specs = [catalog.model(name) for name in names] or [
        each for each in catalog.models.values() if each.is_locked or each.lock_problem
    ]
    store, needed = ModelStore(catalog.project.model_store), models.needed_by(catalog.project)
    known = {spec.digest for spec in specs if spec.is_locked}
    rows = [
        {
            **row(store, spec),
            "problem": store.problem_of(spec),
            "job": needed.get(spec.digest) if spec.is_locked else None,
        }
        for spec in specs
        if names or spec.lock_problem or store.folder(spec.name, spec.digest).is_dir()
    ]
    others = [each for each in models.folders(catalog.project) if not names and each.digest not in known]
    rows += [
        {
            "name": each.name,
            "state": _state(each),
            "size": each.size,
            "problem": None,
            "job": needed.get(each.digest),
        }
        for each in others
    ]
    if as_json:
        print_json("model-status", rows)
        return
    cells = [
        [each["name"], each["state"], show_size(each["size"] or 0), each["problem"] or "", each["job"] or ""]
        for each in rows
    ]
    print_table(["model", "state", "size", "problem", "needed by"], cells, "no model is fetched")


def _state(folder: StoredModel) -> str:
    """Of a folder that no definition names."""
    if folder.is_partial:
        return "part of a fetch"
    return "a person's folder" if is_local(folder.name) else "not defined"
