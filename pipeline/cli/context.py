"""What the commands share: the project they work on, and its catalog."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from pipeline import __version__
from pipeline.cli.location import VARIABLE, locate
from pipeline.errors import PipelineError
from pipeline.project import Project

CHOSEN = "pipeline.root"  # in click's context, which all levels of a command line share


def root_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--root",
        type=click.Path(path_type=Path, file_okay=False),
        envvar=VARIABLE,
        expose_value=False,
        is_eager=True,
        callback=_choose,
        help="The project's folder; default: the one around the current folder, else that of these commands.",
        show_envvar=True,
    )(command)


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")(command)


def version_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.version_option(__version__, prog_name="pipeline")(command)


def project() -> Project:
    """The project that the command is about."""
    context = click.get_current_context(silent=True)
    return locate(context.meta.get(CHOSEN) if context else None)


def project_or_none() -> Project | None:
    try:
        return project()
    except (PipelineError, OSError):
        return None


def _choose(context: click.Context, parameter: click.Parameter, value: Path | None) -> None:
    """What is written goes before what a variable says, on whichever level of the command line it stands."""
    written = context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
    if value is not None and (written or CHOSEN not in context.meta):
        context.meta[CHOSEN] = value


def on_terminal() -> bool:
    return sys.stderr.isatty()
