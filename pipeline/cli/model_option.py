"""``--model NAME``, as often as is wanted: the option of commands that take the project's models by their names."""

from collections.abc import Callable
from typing import Any

import click

from pipeline.cli import completion


def models_option(text: str) -> Callable[[Any], Any]:
    """The names come as the parameter ``models``."""
    return click.option(
        "--model",
        "models",
        multiple=True,
        metavar="NAME",
        shell_complete=completion.models,
        help=f"{text}; may be repeated.",
    )
