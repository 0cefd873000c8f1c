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
from pipeline.environments import own_variables, registry_of
from pipeline.envs import shared_builds
from pipeline.envs.build import Build
from pipeline.envs.definition import Definition
from pipeline.envs.external import candidates
from pipeline.envs.external.environment import Unusable, recognise
from pipeline.envs.provided_programs import locate
from pipeline.envs.registry import Registry
from pipeline.envs.verification import probes
from pipeline.envs.verification.probes import ProbeEnvironment, ProbeResult
from pipeline.errors import ExitCode, NotReady


@click.command("test")
@click.argument("name", shell_complete=completion.environments)
@json_option
@root_option
def command(name: str, as_json: bool) -> None:
    """Try an environment: import its modules and run its smoke script, with the variables that a stage gets.

    The exit code is 3 where something fails.
    """
    catalog = Catalog(project())
    definition = catalog.environment(name)
    registry = registry_of(catalog.project)
    build = _build(registry, definition)
    results = []
    for result in _results(registry, catalog, definition, build):
        results.append(result)
        if not as_json:
            click.echo(f"{'failed' if result.problem else 'passed'}  {result.probe}  ({result.seconds:.2f} s)")
    problems = [result.problem for result in results if result.problem]
    if as_json:
        print_json("env-test", {"environment": name, "path": str(build.prefix), "probes": list(map(_plain, results))})
        sys.exit(ExitCode.NOT_READY if problems else ExitCode.OK)
    if problems:
        step = candidates.next_step(definition) if definition.interpreter else f"bootstrap --env {name} --force"
        raise NotReady(f"environment '{name}' fails: " + "\n".join(problems), step)


def _build(registry: Registry, definition: Definition) -> Build:
    """The live build or the external environment, healthy or not. Raises ``NotReady`` where there is none."""
    if definition.interpreter:
        return _external(definition, definition.interpreter)
    if build := shared_builds.live(registry, definition):
        return build
    raise NotReady(f"environment '{definition.name}' isn't built", f"bootstrap --env {definition.name}")


def _external(definition: Definition, folder: Path) -> Build:
    try:
        environment = recognise(folder)
    except Unusable as error:
        next_step = candidates.next_step(definition)
        raise NotReady(f"environment '{definition.name}': {folder}: {error}", next_step) from error
    return Build(definition.name, environment.prefix, "", None, conda=environment.is_conda)


def _results(registry: Registry, catalog: Catalog, definition: Definition, build: Build) -> Iterator[ProbeResult]:
    if build.is_ours:
        yield ProbeResult("is what was built", 0, registry.problem(definition))
    own = own_variables(catalog.project, definition.variables, build.prefix)
    tools = _provided(registry, catalog, definition)
    environment = ProbeEnvironment(build.python, build.prefix, own, tools, build.conda, build.is_ours)
    yield from probes.run(definition, environment)


def _provided(registry: Registry, catalog: Catalog, definition: Definition) -> list[Path]:
    """Folders of the programs that other environments provide, where those are built."""
    tools = [locate(name, catalog.provider(name), os.environ) for name in definition.tools]
    names = dict.fromkeys(tool.provider.name for tool in tools if tool.provider)
    return [build.provided_tools for name in names if (build := registry.live(name))]


def _plain(result: ProbeResult) -> dict[str, Any]:
    return {"probe": result.probe, "seconds": round(result.seconds, 3), "problem": result.problem}
