"""``pipeline cache``: the size of the store of results, whether its results are undamaged, and room in it."""

import os
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

import click

from pipeline.cache.eviction import Eviction, choose
from pipeline.cache.store import ResultStore
from pipeline.cache.usage import Entry
from pipeline.cli.context import json_option, project, root_option, size
from pipeline.cli.output import print_json, print_table
from pipeline.config import settings
from pipeline.errors import ExitCode, NotReady
from pipeline.jobs.keys_in_use import held_keys
from pipeline.sizes import show_size
from pipeline.text import counted


@click.group("cache")
def group() -> None:
    """The store of results: jobs reuse what a stage has made once."""


@group.command()
@json_option
@root_option
def status(as_json: bool) -> None:
    """Show how many results there are, and how much of the limit they take."""
    here = project()
    entries = list(ResultStore(here.results).entries())
    data = {"folder": str(here.results), **_totals(entries), "limit": settings.load(here).cache_limit}
    if as_json:
        print_json("cache-status", data)
        return
    click.echo(
        f"{_results(data['results'])}, {show_size(data['size'])} of {show_size(data['limit'])} in {here.results}"
    )
    if data["shared"]:
        click.echo(f"{show_size(data['shared'])} of it are shared with jobs, and take room only once")
    if data["least_recently_used"]:
        click.echo(f"least recently used: {data['least_recently_used']}")


@group.command()
@click.option("--remove", is_flag=True, help="Remove damaged results; their stages run again when a job needs them.")
@json_option
@root_option
def verify(remove: bool, as_json: bool) -> None:
    """Read every result, and list those that are damaged.

    The exit code is 3 where there is a damaged result that isn't removed.
    """
    store = ResultStore(project().results)
    keys = sorted(entry.key for entry in store.entries())
    rows = [_checked(store, key, problem, remove) for key in keys if (problem := store.problem(key))]
    if as_json:
        print_json("cache-verify", {"results": len(keys), "damaged": rows})
    else:
        _tell_damaged(len(keys), rows)
    if all(row["removed"] for row in rows):
        return
    if as_json:
        sys.exit(ExitCode.NOT_READY)  # an error's envelope would be a second document
    next_step = _right_to(store) if remove else "pipeline cache verify --remove"
    raise NotReady(f"{_results(len(rows), 'damaged ')} found", next_step)


@group.command()
@click.option("--limit", callback=size, metavar="SIZE", help="Instead of the project's cache_limit, such as '5 GiB'.")
@click.option("--dry-run", is_flag=True, help="Only show what would be removed.")
@json_option
@root_option
def gc(limit: int | None, dry_run: bool, as_json: bool) -> None:
    """Remove the results used least recently, until the rest fits the limit; never one that a running job holds."""
    here = project()
    store = ResultStore(here.results)
    limit = settings.load(here).cache_limit if limit is None else limit
    if not dry_run:
        store.sweep()
    eviction = choose(store.entries(), limit, held_keys(here.jobs))
    if not dry_run:
        _evict(store, eviction)
    data = {"limit": limit, "dry_run": dry_run, **_data(eviction)}
    if as_json:
        print_json("cache-gc", data)
    else:
        _tell_eviction(data)


def _totals(entries: Sequence[Entry]) -> dict[str, Any]:
    oldest = min((entry.used for entry in entries if entry.used), default=None)
    return {
        "results": len(entries),
        "size": sum(entry.size for entry in entries),
        "shared": sum(entry.shared for entry in entries),
        "least_recently_used": None if oldest is None else _time(oldest),
    }


def _checked(store: ResultStore, key: str, problem: str, remove: bool) -> dict[str, Any]:
    return {"key": key, "problem": problem, "removed": remove and store.drop_damaged(key)}


def _tell_damaged(count: int, rows: Sequence[Mapping[str, Any]]) -> None:
    cells = [[row["key"], row["problem"], "removed" if row["removed"] else ""] for row in rows]
    print_table(["result", "problem", ""], cells, f"{_results(count)}, all undamaged")


def _evict(store: ResultStore, eviction: Eviction) -> None:
    """Raises ``NotReady`` where the store can't be written to; another process may have removed some of them first."""
    store.evict(eviction.evicted)
    left = [entry for entry in eviction.evicted if entry.folder.exists()]
    if left and not os.access(store.root, os.W_OK):
        raise NotReady(f"{_results(len(left))} can't be removed: {store.root} can't be written to", _right_to(store))


def _right_to(store: ResultStore) -> str:
    return (
        f"get the permission to write to {store.root}, and then run it again; this shows who has it\nls"
        f" -ld {store.root}"
    )


def _data(eviction: Eviction) -> dict[str, Any]:
    counts = {"before": eviction.before, "after": eviction.after, "kept": eviction.remaining, "held": eviction.in_use}
    return {**counts, "evicted": [_row(entry) for entry in eviction.evicted]}


def _tell_eviction(data: Mapping[str, Any]) -> None:
    cells = [[row["key"], show_size(row["size"]), row["used"]] for row in data["evicted"]]
    if cells:
        print_table(["result", "size", "last used"], cells, "")
    verb = "would be removed" if data["dry_run"] else "removed"
    before, after, limit = (show_size(data[name]) for name in ("before", "after", "limit"))
    click.echo(f"{_results(len(cells))} {verb}: {before} before, {after} after, the limit is {limit}")
    if data["after"] > data["limit"]:
        click.echo(f"the rest is held by running jobs ({_results(data['held'])})")


def _row(entry: Entry) -> dict[str, Any]:
    return {"key": entry.key, "size": entry.size, "used": _time(entry.used)}


def _time(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _results(count: int, kind: str = "") -> str:
    return counted(count, f"{kind}result")
