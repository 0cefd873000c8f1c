"""``pipeline env``: what environments are defined, and how those that are built are."""

import click

from pipeline.cli import completion
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.output import print_json, print_table
from pipeline.envs.definition import Definition
from pipeline.envs.registry import Registry
from pipeline.errors import ConfigurationError
from pipeline.spec.catalog import Catalog


@click.group("env")
def group() -> None:
    """Environments: what is defined, and what is built."""


@group.command("list")
@json_option
@root_option
def list_(as_json: bool) -> None:
    """List the environments that the project defines."""
    catalog = Catalog(project())
    rows = [_defined(catalog.environment(name)) for name in catalog.environment_names]
    if as_json:
        print_json("environment-list", rows)
    else:
        cells = [[row["name"], row["python"], row["lock"], row["description"]] for row in rows]
        print_table(["environment", "python", "lock", "description"], cells, "no environment is defined")


@group.command()
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=completion.environments)
@json_option
@root_option
def status(names: tuple[str, ...], as_json: bool) -> None:
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


def _defined(definition: Definition) -> dict[str, str]:
    return {
        "name": definition.name,
        "python": definition.python,
        "lock": definition.lock.name,
        "description": definition.description,
    }


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
