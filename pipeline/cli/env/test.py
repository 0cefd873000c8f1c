"""``pipeline env test``."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from pipeline.cli import completion
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.output import print_json
from pipeline.config.catalog import Catalog
from pipeline.environments import own_variables
from pipeline.envs.build import Build
from pipeline.envs.definition import Definition
from pipeline.envs.external import candidates
from pipeline.envs.external.environment import Unusable, recognise
from pipeline.envs.path_programs import locate
from pipeline.envs.registry import Registry
from pipeline.envs.verification import probes
from pipeline.envs.verification.probes import Outcome, Place
from pipeline.errors import ExitCode, NotReady


@click.command("test")
@click.argument("name", shell_complete=completion.environments)
@json_option
@root_option
def command(name: str, as_json: bool) -> None:
    """Try an environment: import its modules and run its smoke script, as a stage would see it.

    Leaves with exit code 3 where something fails.
    """
    catalog = Catalog(project())
    definition = catalog.environment(name)
    registry = Registry(catalog.project.environments)
    build = _build(registry, definition)
    outcomes = []
    for outcome in _outcomes(registry, catalog, definition, build):
        outcomes.append(outcome)
        if not as_json:
            click.echo(f"{'failed' if outcome.problem else 'passed'}  {outcome.probe}  ({outcome.seconds:.2f} s)")
    problems = [outcome.problem for outcome in outcomes if outcome.problem]
    if as_json:
        print_json("env-test", {"environment": name, "path": str(build.prefix), "probes": list(map(_plain, outcomes))})
        sys.exit(ExitCode.NOT_READY if problems else ExitCode.OK)
    if problems:
        step = candidates.way_out(definition) if definition.interpreter else f"bootstrap --env {name} --force"
        raise NotReady(f"environment '{name}' fails: " + "\n".join(problems), step)


def _build(registry: Registry, definition: Definition) -> Build:
    """What the name stands for now, be it healthy or not. Raises ``NotReady`` where there is nothing."""
    if definition.interpreter:
        return _of_somebody_else(definition, definition.interpreter)
    if build := registry.live(definition.name):
        return build
    raise NotReady(f"environment '{definition.name}' isn't built", f"bootstrap --env {definition.name}")


def _of_somebody_else(definition: Definition, folder: Path) -> Build:
    try:
        found = recognise(folder)
    except Unusable as error:
        raise NotReady(f"environment '{definition.name}': {folder}: {error}", candidates.way_out(definition)) from error
    return Build(definition.name, found.prefix, "", {}, conda=found.kind == "conda")


def _outcomes(registry: Registry, catalog: Catalog, definition: Definition, build: Build) -> Iterator[Outcome]:
    if build.is_ours:
        yield Outcome("is what was built", 0, registry.problem(definition))
    own = own_variables(catalog.project, definition.variables, build.prefix)
    place = Place(build.python, build.prefix, own, _provided(registry, catalog, definition), build.conda)
    yield from probes.run(definition, place)


def _provided(registry: Registry, catalog: Catalog, definition: Definition) -> list[Path]:
    """Folders of the programs that other environments provide, where those are built."""
    tools = [locate(name, catalog.provider(name), os.environ) for name in definition.tools]
    names = dict.fromkeys(tool.provider.name for tool in tools if tool.provider)
    return [build.provided_tools for name in names if (build := registry.live(name))]


def _plain(outcome: Outcome) -> dict[str, Any]:
    return {"probe": outcome.probe, "seconds": round(outcome.seconds, 3), "problem": outcome.problem}
