"""``pipeline model show``."""

from collections.abc import Iterator, Mapping
from typing import Any

import click

from pipeline.cli import completion
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.model.list import row
from pipeline.cli.output import print_json, print_table
from pipeline.config.catalog import Catalog
from pipeline.config.model_figures import ErrorRate, FigureTable
from pipeline.config.models import FolderSource, HubSource, ModelSource, ModelSpec, PackageSource
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
    sizes = {**_stored_sizes(store, spec), **spec.sizes}
    data = {
        **row(store, spec),
        "problem": store.problem_of(spec),
        "folder": str(store.folder(name, spec.digest)) if spec.is_locked else None,
        "sources": [_shown(source) for source in spec.sources],
        "figures": _figures(catalog, name),
        "files": [{"name": file, "sha256": sha, "size": sizes.get(file)} for file, sha in spec.files.items()],
    }
    if as_json:
        print_json("model", data)
        return
    for key in ("name", "description", "license", "state", "problem", "folder", "digest"):
        if data[key]:
            click.echo(f"{key}: {data[key]}")
    click.echo(f"size: {_size(spec, data['size'], catalog.model_figures.of(name).size)}")
    click.echo(f"languages: {', '.join(spec.languages) or 'not stated'}")
    click.echo("".join(f"{line}\n" for line in _shown_errors(data["figures"]["errors"])), nl=False)
    click.echo("\n".join(f"source: {_shown(source)}" for source in spec.sources))
    if spec.is_gated and spec.hub:
        click.echo(f"given out to those who agree to its terms: {page(spec.hub.repository)}")
    cells = [[file, show_size(sizes[file]) if file in sizes else "", sha] for file, sha in spec.files.items()]
    print_table(
        ["file", "size", "SHA-256"],
        cells,
        f"its files aren't known yet; this fetches them\npipeline model fetch {name}",
    )


def _stored_sizes(store: ModelStore, spec: ModelSpec) -> dict[str, int]:
    """In bytes, of the files that are here: an entry that has digests alone doesn't say how long its files are."""
    if not spec.is_locked:
        return {}
    folder = store.folder(spec.name, spec.digest)
    return {file: (folder / file).stat().st_size for file in spec.files if (folder / file).is_file()}


def _size(spec: ModelSpec, known: int | None, published: int | None) -> str:
    if known:
        return show_size(known)
    return spec.size or (
        f"about {show_size(published)}, as is published" if published else "not known before it is fetched"
    )


def _shown_errors(errors: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Figures from different data aren't alike, so each line has those from one; then where they were published."""
    lines: dict[tuple[str, str], list[str]] = {}
    for code, each in errors.items():
        lines.setdefault((each["of"], each["data"]), []).append(f"{code} {each['percent']:g}")
    for (of, data), percents in lines.items():
        yield f"per cent of the {of} wrong ({data}): {', '.join(percents)}"
    yield from (f"figures from: {source}" for source in dict.fromkeys(each["source"] for each in errors.values()))


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
