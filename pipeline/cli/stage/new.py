"""``pipeline stage new``."""

import click

from pipeline.cli import completion, new_definition
from pipeline.cli.context import json_option, project, root_option
from pipeline.config import environments, stages, workflows
from pipeline.config.source import require_name
from pipeline.errors import UsageError
from pipeline.project import ProjectFolder
from pipeline.scaffold import definitions


@click.command("new")
@click.argument("name")
@click.option(
    "--environment",
    "named",
    metavar="NAME",
    shell_complete=completion.environments,
    help="The environment that it runs in; default: the one of the stage's name, or the project's only one, or else"
    " one of its own, in its file.",
)
@click.option("--command", "is_command", is_flag=True, help="A stage that is a program with its words, not Python.")
@json_option
@root_option
def command(name: str, named: str | None, is_command: bool, as_json: bool) -> None:
    """Write a stage NAME that copies a text, to be changed."""
    here = project()
    environment = _environment(here, name, named)
    if is_command and environment is None:
        message = "a command runs in an environment of the project; name it with --environment"
        raise UsageError(message, f"pipeline env new {name}")
    files = definitions.command_stage(name, str(environment)) if is_command else definitions.stage(name, environment)
    if name in stages.names(here):
        raise UsageError(f"there is a stage '{name}' already", f"pipeline stage show {name}")
    is_used = name in workflows.names(here)
    used = f"pipeline workflow show {name}" if is_used else f"pipeline workflow new {name} --stage {name}"
    lock = [] if environment else [f"pipeline env lock {name}"]
    tried = f"pipeline stage run {name} --input text=FILE --build"
    new_definition.write(here, "stage", name, files, [*lock, tried, used], as_json)


def _environment(here: ProjectFolder, name: str, named: str | None) -> str | None:
    known = environments.names(here)
    if named is not None:
        require_name("environment", named, known, f"pipeline env new {named}")
        return named
    if name in known:
        return name
    return known[0] if len(known) == 1 else None
