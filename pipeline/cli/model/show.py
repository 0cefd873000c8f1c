"""``pipeline model show``."""

from typing import Any

import click

from pipeline.cli import completion
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.model.list import row
from pipeline.cli.output import print_json, print_table
from pipeline.config.catalog import Catalog
from pipeline.config.model_figures import ErrorRate, FigureTable
from pipeline.config.models import FolderSource, HubSource, ModelSource, PackageSource
from pipeline.engines.word_errors import estimate
from pipeline.models.hub.client import page
from pipeline.models.store import ModelStore
from pipeline.sizes import show_size


@click.command("show")
@click.argument("name", shell_complete=completion.models)
@json_option
@root_option
def command(name: str, as_json: bool) -> None:
    """Show one model: where it comes from, its license, its languages, and each of its files."""
    catalog = Catalog(project())
    spec = catalog.model(name)
    store = ModelStore(catalog.project.model_store)
    data = {
        **row(store, spec),
        "problem": store.problem_of(spec),
        "folder": str(store.folder(name, spec.digest)) if spec.is_locked else None,
        "sources": [_shown(source) for source in spec.sources],
        "figures": _figures(catalog, name),
        "files": [{"name": file, "sha256": sha, "size": spec.sizes.get(file)} for file, sha in spec.files.items()],
    }
    if as_json:
        print_json("model", data)
        return
    for key in ("name", "description", "license", "state", "problem", "folder", "digest"):
        if data[key]:
            click.echo(f"{key}: {data[key]}")
    click.echo(f"languages: {', '.join(spec.languages) or 'not stated'}")
    if errors := data["figures"]["errors"]:
        percents = ", ".join(f"{code} {each['percent']:g}" for code, each in errors.items())
        click.echo(f"per cent of the words wrong: {percents}")
    click.echo("\n".join(f"source: {_shown(source)}" for source in spec.sources))
    if spec.is_gated and spec.hub:
        click.echo(f"given out to those who agree to its terms: {page(spec.hub.repository)}")
    sizes = [show_size(spec.sizes[file]) if file in spec.sizes else "" for file in spec.files]
    cells = [[file, size, sha] for (file, sha), size in zip(spec.files.items(), sizes, strict=True)]
    print_table(
        ["file", "size", "SHA-256"],
        cells,
        f"its files aren't known yet; this fetches them\npipeline model fetch {name}",
    )


def _figures(catalog: Catalog, name: str) -> dict[str, Any]:
    """What is published of it: of each language, the figure that a person is told."""
    table, known = catalog.model_figures, catalog.model_figures.of(name)
    estimates = {code: estimate(table, name, code) for code in known.errors}
    return {
        "errors": {code: _error_rate(each.rate, table) for code, each in estimates.items() if each},
        "memory": known.memory,
        "speed_on_cpu": known.cpu_speed.times if known.cpu_speed else None,
        "speed_on_gpu": known.gpu_speed.times if known.gpu_speed else None,
    }


def _error_rate(rate: ErrorRate, table: FigureTable) -> dict[str, Any]:
    of = "characters" if rate.is_of_characters else "words"
    return {"percent": rate.percent, "of": of, "data": table.data[rate.data], "source": table.sources[rate.source]}


def _shown(source: ModelSource) -> str:
    match source:
        case HubSource(repository, revision):
            return f"huggingface:{repository}@{revision}"
        case FolderSource(folder):
            return str(folder)
        case PackageSource(packages):
            return " ".join(packages)
        case _:
            return " ".join(source.urls.values())
