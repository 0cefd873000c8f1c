"""Sizes as options of commands."""

import click

from pipeline.sizes import parse_size


def size_option(context: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    try:
        return None if value is None else parse_size(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
