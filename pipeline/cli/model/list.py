"""``pipeline model list``."""

from typing import Any

import click

from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.output import print_json, print_table
from pipeline.config.catalog import Catalog
from pipeline.config.models import ModelSpec
from pipeline.media import languages
from pipeline.models.families import TASKS
from pipeline.models.store import ModelStore
from pipeline.plan.languages import normalise
from pipeline.sizes import show_size


@click.command("list")
@click.option(
    "--language",
    metavar="CODE",
    help="Only those that know this language, such as hi.",
)
@click.option("--task", type=click.Choice(TASKS), help="Only those for this task.")
@json_option
@root_option
def command(language: str | None, task: str | None, as_json: bool) -> None:
    """List the models that the project defines, and those of the catalogue that comes with it."""
    catalog = Catalog(project())
    store = ModelStore(catalog.project.model_store)
    code = None if language is None else normalise(language, ())
    rows = [row(store, spec) for _, spec in sorted(catalog.models.items()) if _fits(spec, code, task)]
    if as_json:
        print_json("model-list", rows)
        return
    cells = [
        [each["name"], each["state"], _shown_size(each["size"]), each["license"], each["description"]] for each in rows
    ]
    print_table(["model", "state", "size", "license", "description"], cells, _nothing(code, task))


def row(store: ModelStore, spec: ModelSpec) -> dict[str, Any]:
    """A model as JSON; ``size`` in bytes, ``None`` where nobody knows it before it is fetched."""
    return {
        "name": spec.name,
        "task": spec.task,
        "state": state(store, spec),
        "size": sum(spec.sizes.values()) or _fetched_size(store, spec),
        "license": spec.license,
        "gated": spec.is_gated,
        "languages": list(spec.languages),
        "description": spec.description,
        "digest": spec.digest if spec.is_locked else None,
    }


def state(store: ModelStore, spec: ModelSpec) -> str:
    if spec.lock_problem:
        return "lock broken"
    if not spec.is_locked:
        return "not locked"
    if store.problem_of(spec) is None:
        return "ready"
    return "damaged" if store.folder(spec.name, spec.digest).is_dir() else "not fetched"


def _fetched_size(store: ModelStore, spec: ModelSpec) -> int | None:
    if not spec.is_locked or not (folder := store.folder(spec.name, spec.digest)).is_dir():
        return None
    return sum((folder / file).stat().st_size for file in spec.files if (folder / file).is_file())


def _shown_size(size: int | None) -> str:
    return "" if size is None else show_size(size)


def _fits(spec: ModelSpec, language: str | None, task: str | None) -> bool:
    is_served = language is None or bool(languages.nearest(language, spec.languages))
    return is_served and (task is None or spec.may_do(task))


def _nothing(language: str | None, task: str | None) -> str:
    if language is None:
        return "no model fits"
    does = f"no model for {task} that is known here knows" if task else "no model that is known here knows"
    return f"{does} {languages.name(language)}"
