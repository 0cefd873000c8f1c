"""What the commands that draw have in common: the form of the drawing, and the file that it is written to."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from pipeline.cli import named_file
from pipeline.cli.value_types import NamedPath


def format_option(forms: Mapping[str, str]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """``forms``: each with what it is for; the first is the default."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(list(forms)),
        default=next(iter(forms)),
        show_default=True,
        help=f"{', '.join(f'{form} for {use}' for form, use in forms.items())}.",
    )


def output_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--output",
        "-o",
        metavar="FILE",
        type=NamedPath(path_type=Path, dir_okay=False),
        help="Write it into this file.",
    )(command)


def give(text: str, output: Path | None) -> None:
    """Print a drawing, or write it into a file and print that one's name."""
    if output is None:
        click.echo(text, nl=False)
        return
    named_file.write(output, text.encode("utf-8", "backslashreplace"))
    click.echo(output)
