"""``pipeline workflow new``."""

import click

from pipeline.cli import new_definition
from pipeline.cli.context import json_option, project, root_option
from pipeline.config.catalog import Catalog
from pipeline.config.stages import names as stage_names
from pipeline.errors import LISTED, UsageError
from pipeline.scaffold import definitions


@click.command("new")
@click.argument("name")
@click.option(
    "--stage", "stages", multiple=True, metavar="NAME", help="A stage of it, in their order; may be repeated."
)
@json_option
@root_option
def command(name: str, stages: tuple[str, ...], as_json: bool) -> None:
    """Write a workflow NAME in which each stage reads what the one before it made."""
    here = project()
    definitions.require_possible("workflow", name)
    known = stage_names(here)
    chosen = stages or (tuple(known) if len(known) == 1 else ())
    if not chosen:
        raise _no_stage(name, known)
    catalog = Catalog(here)
    if name in catalog.workflow_names:
        raise UsageError(f"there is a workflow '{name}' already", f"pipeline workflow show {name}")
    repeated = next((each for each in chosen if chosen.count(each) > 1), None)
    if repeated:
        raise UsageError(f"--stage {repeated} is there twice", "pipeline workflow new --help")
    files = definitions.workflow(name, [catalog.stage(each) for each in chosen])
    new_definition.write(here, "workflow", name, files, [f"pipeline run {name} FILE --build"], as_json)


def _no_stage(name: str, known: list[str]) -> UsageError:
    if known:
        listed = f"; there are: {', '.join(known)}" if len(known) <= LISTED else ""
        message = f"a workflow has one stage at least{listed}"
        return UsageError(message, f"pipeline workflow new {name} --stage NAME")
    return UsageError("a workflow has one stage at least, and the project has none", f"pipeline stage new {name}")
