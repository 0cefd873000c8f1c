"""``pipeline env status``."""

import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from pipeline.cli import completion
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.output import print_json, print_table
from pipeline.config.catalog import Catalog
from pipeline.environments import registry_of
from pipeline.envs import shared_builds
from pipeline.envs.build import Build
from pipeline.envs.definition import Definition
from pipeline.envs.external.candidates import next_step as external_next_step
from pipeline.envs.external.environment import Unusable, recognise
from pipeline.envs.gc.survey import BuildFolder, State, survey
from pipeline.envs.lockfiles import agreement
from pipeline.envs.notes import BuildNotes
from pipeline.envs.registry import Registry
from pipeline.errors import ConfigurationError
from pipeline.sizes import show_size

SHOWN = ("environment", "state", "python", "lock", "size", "last used", "uses", "builds", "problem", "next")
SPARE = ("builds", "lock", "uses", "last used", "python", "size")  # columns that a narrow terminal leaves out


@click.command("status")
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=completion.environments)
@json_option
@root_option
def command(names: tuple[str, ...], as_json: bool) -> None:
    """Show each environment's build: its lock, its size, its uses, and what is wrong with it."""
    catalog = Catalog(project())
    registry = registry_of(catalog.project)
    states = [_state(registry, catalog, name) for name in names or catalog.environment_names]
    builds = {str(each.path): each for each in survey(registry)}
    rows = [_row(registry, state, builds) for state in states]
    others = [
        each
        for each in builds.values()
        if _is_other(each, registry, catalog) and not (names and set(names).isdisjoint(each.labels))
    ]
    if as_json:
        print_json("environment-status", [*rows, *map(_other, others)])
        return
    print_table(SHOWN, [_cells(row) for row in rows], "no environment is defined", spare=SPARE)
    _show_others(others)


def _row(registry: Registry, state: Mapping[str, str | None], builds: Mapping[str, BuildFolder]) -> dict[str, Any]:
    live = builds.get(state["path"] or "")
    return {**state, **_measured(live), **_built(registry, state["name"] or "")}


def _state(registry: Registry, catalog: Catalog, name: str) -> dict[str, str | None]:
    """A broken definition has a row, too, which says so."""
    build = registry.live(name)
    lock = None
    try:
        definition = catalog.environment(name)
        build = shared_builds.live(registry, definition)
        lock = definition.lock.name if definition.lock else None
        state, problem, next_step = _judged(registry, definition, build)
    except ConfigurationError as error:
        if name not in catalog.environment_names:
            raise
        state, problem, next_step = "broken", error.message, error.next_step
    return {
        "name": name,
        "state": state,
        "problem": problem,
        "next": next_step,
        "python": build.python_version if build else None,
        "key": build.key if build else None,
        "path": str(build.prefix) if build else None,
        "lock": lock,
        "lock_digest": build.own_marker.key_input.lock if build else None,
    }


def _judged(registry: Registry, definition: Definition, build: Build | None) -> tuple[str, str | None, str | None]:
    """The state, what is wrong, and the command that helps."""
    if definition.interpreter:
        return _external(definition, definition.interpreter)
    if (problem := registry.problem(definition)) is None:
        return "healthy", None, None
    state = "unhealthy" if build else "not built"
    if lock_problem := agreement.problem(definition):  # bootstrap would only say the same
        return state, lock_problem, agreement.repair(definition)
    return state, problem if build else None, f"bootstrap --env {definition.name}"


def _external(definition: Definition, folder: Path) -> tuple[str, str | None, str | None]:
    """As far as this shows without starting the interpreter."""
    try:
        recognise(folder)
    except Unusable as error:
        return "unusable", f"{folder}: {error}", external_next_step(definition)
    return "used as it is", None, None


def _measured(live: BuildFolder | None) -> dict[str, Any]:
    return {
        "size": live.size.allocated if live else None,
        "shared": live.size.shared if live else None,
        "files": live.size.files if live else None,
        "uses": live.uses.count if live else 0,
        "last_used": _time(live.uses.last) if live else None,
        "built_at": _time(live.built) if live else None,
    }


def _built(registry: Registry, name: str) -> dict[str, Any]:
    seconds = [float(build["seconds"]) for build in BuildNotes(registry.store).builds(name)]
    return {
        "builds": len(seconds),
        "last_build_seconds": seconds[-1] if seconds else None,
        "median_build_seconds": round(statistics.median(seconds), 3) if seconds else None,
    }


def _is_other(build: BuildFolder, registry: Registry, catalog: Catalog) -> bool:
    if registry.other_user(build.path):
        return False
    return build.state is not State.LIVE or set(catalog.environment_names).isdisjoint(build.labels)


def _other(build: BuildFolder) -> dict[str, Any]:
    state = "undefined" if build.state is State.LIVE else build.state.value
    return {
        "name": build.name,
        "state": state,
        "problem": None,
        "next": None if build.state is State.BEING_BUILT else "pipeline env gc",
        "python": None,
        "key": build.key or None,
        "path": str(build.path),
        "lock": None,
        "lock_digest": None,
        **_measured(build),
    }


def _cells(row: Mapping[str, Any]) -> list[str]:
    builds = f"{row['builds']} in {row['median_build_seconds']:.1f} s" if row["builds"] else ""
    return [
        row["name"],
        row["state"],
        row["python"] or "",
        row["lock"] or "",
        _size(row),
        row["last_used"] or ("never" if row["key"] else ""),
        str(row["uses"]) if row["key"] else "",
        builds,
        row["problem"] or "",
        row["next"] or "",
    ]


def _size(row: Mapping[str, Any]) -> str:
    if row["size"] is None:
        return ""
    return show_size(row["size"]) + (f", {show_size(row['shared'])} shared" if row["shared"] else "")


def _show_others(others: Sequence[BuildFolder]) -> None:
    """Builds that no definition's name stands for."""
    if not others:
        return
    rows = [_other(each) for each in others]
    print_table(
        ("build", "environment", "what it is", "size", "last used"),
        [
            [each.path.name, each.name, row["state"], _size(row), row["last_used"] or "never"]
            for each, row in zip(others, rows, strict=True)
        ],
        "",
    )
    total = sum(each.size.allocated for each in others)
    click.echo(
        f"{show_size(total)} are builds that no environment uses any more; this shows what can be removed\n"
        "pipeline env gc --dry-run"
    )


def _time(seconds: float | None) -> str | None:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds)) if seconds else None
