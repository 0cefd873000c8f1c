"""``pipeline model add``."""

import re
import shlex
from pathlib import Path
from typing import Any

import click

from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.model.progress import show_step
from pipeline.cli.output import print_json
from pipeline.config import model_entries, model_locks, models
from pipeline.config.catalog import Catalog
from pipeline.config.models import HubSource
from pipeline.config.workflows import AUTO
from pipeline.errors import UsageError
from pipeline.models import lock_update
from pipeline.models.admission import Admission
from pipeline.models.families import RECOGNITION, TASKS
from pipeline.models.fetcher import fetcher_for
from pipeline.models.store import is_local
from pipeline.plan.languages import normalise
from pipeline.sizes import show_size
from pipeline.text import counted

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
HUB = re.compile(r"huggingface:(?P<repository>[A-Za-z0-9._-]+/[A-Za-z0-9._-]+)(@(?P<revision>[^@\s]+))?")
# How people name a repository elsewhere.
NEARLY_HUB = re.compile(
    r"(?:https?://(?:www\.)?(?:huggingface\.co|hf\.co)/|hf://|hf:)?(?P<repository>[A-Za-z0-9._-]+/[A-Za-z0-9._-]+?)(?:\.git|/(?:tree/main)?)?"
)


@click.command("add")
@click.argument("name")
@click.argument("source", metavar="huggingface:OWNER/REPO[@REVISION]")
@click.option(
    "--files", "patterns", multiple=True, metavar="PATTERN", help="Only these files, such as '*.json'; may be repeated."
)
@click.option(
    "--language", "languages", multiple=True, metavar="CODE", help="A language that it knows; may be repeated."
)
@click.option("--task", type=click.Choice(TASKS), help="What it is for; files of a model for another task are refused.")
@click.option("--allow-code", is_flag=True, help="Also files that run code when they are loaded, such as pickles.")
@json_option
@root_option
def command(  # one for each option
    name: str,
    source: str,
    patterns: tuple[str, ...],
    languages: tuple[str, ...],
    task: str | None,
    allow_code: bool,
    as_json: bool,
) -> None:
    """Define a model, and lock it: the commit, and each file's SHA-256 and size. Nothing large is downloaded.

    Writes an entry in config/models.yaml and requirements/models/NAME.lock, which belong in version control.
    """
    catalog = Catalog(project())
    languages = tuple(dict.fromkeys(normalise(code, ()) for code in languages))
    hub = _source(name, source)
    _require_free(catalog, name)
    admitted = Admission(name, task or (RECOGNITION if languages else ""), allow_code, _remedy(name, source, patterns))
    lock = lock_update.look(hub, patterns, admitted, fetcher_for(catalog), show_step)
    entry: dict[str, Any] = {
        "task": task,
        "languages": list(languages),
        "allow_code": allow_code,
        "files": list(patterns),
        "sources": [{"huggingface": hub.repository, "revision": hub.revision}],
    }
    entry = {key: value for key, value in entry.items() if value}
    model_locks.write(catalog.project, name, lock)
    try:
        model_entries.append(catalog.project, {name: entry})
    except BaseException:
        model_locks.path(catalog.project, name).unlink()
        raise
    if as_json:
        print_json("model-add", {"name": name, "revision": lock.revision, "size": lock.size, "license": lock.license})
        return
    click.echo(
        f"{name}: {hub.repository} at {lock.revision[:12]}, {counted(len(lock.files), 'file')}, {show_size(lock.size)}"
    )
    click.echo(f"license: {lock.license or 'not stated'}" + ("; given out on terms" if lock.gated else ""))
    click.echo(f"next: pipeline model fetch {name}")


def _source(name: str, text: str) -> HubSource:
    found = HUB.fullmatch(text)
    if not found:
        near = NEARLY_HUB.fullmatch(text)
        source = f"huggingface:{near['repository']}" if near else "huggingface:OWNER/REPO[@REVISION]"
        raise UsageError(f"{text!r} names no source", f"pipeline model add {name} {source}")
    revision = found["revision"] or "main"
    return HubSource(found["repository"], revision, revision)


def _remedy(name: str, source: str, patterns: tuple[str, ...]) -> str:
    options = [word for pattern in patterns for word in ("--files", pattern)]
    command = shlex.join(["pipeline", "model", "add", name, source, *options, "--allow-code"])
    return f"{command}   where you trust its makers as those of a program"


def _require_free(catalog: Catalog, name: str) -> None:
    if not NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} can't be a model's name: letters, digits, dot, _ and -, a letter or digit first",
            "choose another name",
        )
    if name.lower() == AUTO or is_local(name):
        what = "lets a model be chosen" if name.lower() == AUTO else "stands for a model in a person's folder"
        raise UsageError(f"{name!r} can't be a model's name: it {what}", "choose another name")
    known = catalog.models.get(name)
    if other := models.alike(name, catalog.models):
        raise UsageError(models.same_as(other), "choose another name")
    if known and not known.is_catalogued:
        raise UsageError(f"there is a model '{name}' already", f"pipeline model show {name}")
    if Path(catalog.project.models, name).is_dir():
        raise UsageError(f"{catalog.project.models / name} is a folder with a model of that name", "take another name")
