"""What the commands share: options, and the project that they work on."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from pipeline import __version__
from pipeline.cli.value_types import NamedPath
from pipeline.errors import PipelineError
from pipeline.location import locate
from pipeline.permissions import keep_private
from pipeline.project import ROOT_VARIABLE, ProjectFolder
from pipeline.sizes import parse_size

ROOT = "pipeline.root"  # in click's context, which all levels of a command line share


def root_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--root",
        type=NamedPath(path_type=Path, file_okay=False),
        envvar=ROOT_VARIABLE,
        expose_value=False,
        is_eager=True,
        callback=_set_root,
        help="The project's folder; default: the active .venv's, the one around the current folder, or this command's.",
        show_envvar=True,
    )(command)


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")(command)


def version_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.version_option(__version__, prog_name="pipeline")(command)


def size(context: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    """A callback for options such as ``--limit '5 GiB'``: bytes."""
    try:
        return None if value is None else parse_size(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def project() -> ProjectFolder:
    """The project that the command works on, what it makes kept private unless a group shares it.

    Raises as ``locate`` does.
    """
    context = click.get_current_context(silent=True)
    here = locate(context.meta.get(ROOT) if context else None)
    if not here.shared:
        keep_private(here.personal_folders)
    return here


def project_or_none() -> ProjectFolder | None:
    """For help and completion, which work outside of a project, too."""
    try:
        return project()
    except (PipelineError, OSError, ValueError):  # the last for a path that can't be one
        return None


def _set_root(context: click.Context, parameter: click.Parameter, value: Path | None) -> None:
    """An option goes before the variable, on whichever level of the command line it is."""
    typed = context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
    if value is not None and (typed or ROOT not in context.meta):
        context.meta[ROOT] = value


def on_terminal() -> bool:
    """Whether a person may be watching progress."""
    return sys.stderr.isatty()
