"""``pipeline env status``."""

import click

from pipeline.cli import completion
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.output import print_json, print_table
from pipeline.envs.registry import Registry
from pipeline.errors import ConfigurationError
from pipeline.spec.catalog import Catalog


@click.command("status")
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=completion.environments)
@json_option
@root_option
def command(names: tuple[str, ...], as_json: bool) -> None:
    """Show which environments are built and healthy, and what is wrong with the others."""
    catalog = Catalog(project())
    registry = Registry(catalog.project.environments)
    rows = [_state(registry, catalog, name) for name in names or catalog.environment_names]
    if as_json:
        print_json("environment-status", rows)
    else:
        shown = ("name", "state", "python", "problem", "next")
        cells = [[row[column] or "" for column in shown] for row in rows]
        print_table(["environment", "state", "python", "problem", "next"], cells, "no environment is defined")


def _state(registry: Registry, catalog: Catalog, name: str) -> dict[str, str | None]:
    """A definition that is broken is a row that says so; it doesn't hide the others."""
    build = registry.live(name)
    try:
        problem = registry.problem(catalog.environment(name))
        state = "healthy" if problem is None else "unhealthy" if build else "not built"
        next_step = f"bootstrap --env {name}" if problem else None
    except ConfigurationError as error:
        if name not in catalog.environment_names:
            raise
        state, problem, next_step = "broken", error.message, error.next_step
    return {
        "name": name,
        "state": state,
        "problem": None if state == "not built" else problem,
        "next": next_step,
        "python": build.record["key_input"]["python"] if build else None,
        "key": build.key if build else None,
        "path": str(build.prefix) if build else None,
    }
