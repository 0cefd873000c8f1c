"""The options of commands that prepare jobs: the workflow, its parameters, what may be done for environments."""

from collections.abc import Callable, Sequence
from typing import Any

import click

from pipeline.cli import completion
from pipeline.cli.shortcuts import SHORTCUTS, WORKFLOWS, Shortcut
from pipeline.cli.value_types import FiniteRange


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command all of them. It gets them as keywords, for ``job_request``."""
    workflow = [
        *(click.option(f"--{name}", is_flag=True, help=f"The workflow '{name}'.") for name in WORKFLOWS),
        click.option(
            "--workflow", metavar="NAME", shell_complete=completion.workflows, help="Any workflow by its name."
        ),
    ]
    return _with(workflow, workflow_values(allowance_options(command)))


def workflow_values(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that give a workflow's parameters their values."""
    parameters = click.option(
        "--param", "parameters", metavar="NAME=VALUE", multiple=True, help="Any other parameter of the workflow."
    )
    return _with([*map(_option, SHORTCUTS), parameters], command)


def allowance_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what may be done for a job beside its results."""
    added: list[Callable[[Any], Any]] = [
        click.option("--beside", is_flag=True, help="Also put the subtitles next to the movie: movie.es.srt."),
        click.option("--overwrite", is_flag=True, help="Also where the movie has such subtitles already."),
        click.option(
            "--inherit-environment",
            is_flag=True,
            help="Give the stages all variables of this shell, not only what programs need and what they ask for.",
        ),
        click.option(
            "--fetch", is_flag=True, help="With --model auto: fetch the model that is best for it, where it isn't here."
        ),
        click.option(
            "--allow-code",
            is_flag=True,
            help="Also models in folders whose files run code when they are loaded, such as pickles: you trust their "
            "makers as those of a program.",
        ),
        click.option("--build", is_flag=True, help="Build environments that are missing, which may take minutes."),
        click.option(
            "--wait",
            metavar="SECONDS",
            type=FiniteRange(min=0),
            help="How long to wait for an environment that another process is building; default: 300.",
        ),
        click.option(
            "--allow-degraded",
            is_flag=True,
            help="Use an older environment that isn't healthy where there is no other; "
            "the results aren't shared with other jobs.",
        ),
    ]
    return _with(added, command)


def _with(added: Sequence[Callable[[Any], Any]], command: Callable[..., Any]) -> Callable[..., Any]:
    for add in reversed(added):
        command = add(command)
    return command


def _option(shortcut: Shortcut) -> Callable[[Any], Any]:
    more: dict[str, Any] = {"help": shortcut.help, "metavar": shortcut.metavar, "multiple": shortcut.is_list}
    if not shortcut.takes_value:
        return click.option(*shortcut.declared, is_flag=True, help=shortcut.help)
    if shortcut.value:
        more |= {"is_flag": False, "flag_value": shortcut.value}
    return click.option(*shortcut.declared, **more)
