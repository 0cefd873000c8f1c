"""What the commands share: the project they work on, and its catalog."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from pipeline import __version__
from pipeline.errors import PipelineError, UsageError
from pipeline.project import MARKER, Project, find

OWN = Path(__file__).resolve().parents[2]  # the checkout that these commands were installed from
CHOSEN = "pipeline.root"  # in click's context, which all levels of a command line share


def root_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--root",
        type=click.Path(path_type=Path, file_okay=False),
        envvar="PIPELINE_ROOT",
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
    """The project that the command line names, else the one that the current folder lies in, else our own.

    The last lets a person work in a folder of movies: the commands in a project's ``.venv`` are that project's.
    """
    context = click.get_current_context(silent=True)
    chosen = context.meta.get(CHOSEN) if context else None
    named = chosen or _from_environment()
    try:
        return find(_here(), named)
    except UsageError:
        if named or not _is_installed_in(OWN):
            raise
        return find(OWN)


def project_or_none() -> Project | None:
    try:
        return project()
    except (PipelineError, OSError):
        return None


def _is_installed_in(folder: Path) -> bool:
    return Path(sys.prefix) == folder / ".venv" and (folder / MARKER).is_file()


def _here() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:  # somebody removed it
        return Path(os.path.abspath(os.sep))


def _from_environment() -> Path | None:
    """For shell completion, which runs no option's callback."""
    value = os.environ.get("PIPELINE_ROOT")
    return Path(value) if value else None


def _choose(context: click.Context, parameter: click.Parameter, value: Path | None) -> None:
    """What is written goes before what a variable says, on whichever level of the command line it stands."""
    written = context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
    if value is not None and (written or CHOSEN not in context.meta):
        context.meta[CHOSEN] = value


def on_terminal() -> bool:
    return sys.stderr.isatty()
