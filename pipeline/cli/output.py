"""What commands print: one JSON envelope for programs, tables for people."""

import json
import sys
from collections.abc import Sequence
from typing import Any

import click

from pipeline.errors import PipelineError

ENVELOPE = 1


def print_json(kind: str, data: Any) -> None:
    """``{"schema": 1, "kind": …, "data": …}``; a new version number means that a reader must look again."""
    click.echo(json.dumps({"schema": ENVELOPE, "kind": kind, "data": data}, indent=2))


def print_error(error: PipelineError) -> None:
    content = {"message": error.message, "next": error.next_step, "exit_code": int(error.exit_code)}
    click.echo(json.dumps({"schema": ENVELOPE, "kind": "error", "data": None, "error": content}, indent=2))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], empty: str, err: bool = False) -> None:
    """``err``: beside the results, which then stand alone on the standard output."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not rows:
        click.echo(empty, err=err)
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))  # as it is: a file's name may look like markup
    # A pipe has no width to fit: whole lines there, for grep and cut.
    stream = sys.stderr if err else sys.stdout
    Console(file=stream, width=None if stream.isatty() else 10_000).print(table)
