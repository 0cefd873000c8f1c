"""What commands print: one JSON envelope for programs, tables for people."""

import json
import sys
from collections.abc import Sequence
from typing import Any

import click

from pipeline.errors import PipelineError

ENVELOPE = 1
GAP = 3  # between two columns


def print_json(kind: str, data: Any) -> None:
    """``{"schema": 1, "kind": …, "data": …}``; a new version number means that a reader must look again."""
    click.echo(json.dumps({"schema": ENVELOPE, "kind": kind, "data": data}, indent=2))


def print_error(error: PipelineError) -> None:
    content = {"message": error.message, "next": error.next_step, "exit_code": int(error.exit_code)}
    click.echo(json.dumps({"schema": ENVELOPE, "kind": "error", "data": None, "error": content}, indent=2))


def print_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    empty: str,
    err: bool = False,
    spare: Sequence[str] = (),
) -> None:
    """``err``: beside the results, which then stand alone on the standard output.

    ``spare``: columns that a terminal goes without, in this order, as long as rows don't fit into its lines: one of
    ten columns that breaks every word can't be read.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not rows:
        click.echo(empty, err=err)
        return
    # A pipe has no width to fit: whole lines there, for grep and cut.
    stream = sys.stderr if err else sys.stdout
    console = Console(file=stream, width=None if stream.isatty() else 10_000)
    shown = fitting(columns, rows, console.width, spare)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for index in shown:
        table.add_column(columns[index], overflow="fold")
    for row in rows:
        table.add_row(*(Text(row[index]) for index in shown))  # as it is: a file's name may look like markup
    console.print(table)
    if left := [name for index, name in enumerate(columns) if index not in shown]:
        click.echo(f"not shown in this width: {', '.join(left)} (--json has all)", err=err)


def fitting(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int, spare: Sequence[str]) -> list[int]:
    """The columns that are shown, by their numbers."""
    widths = [max(map(len, cells)) + GAP for cells in zip(columns, *rows, strict=True)]
    shown = list(range(len(columns)))
    for name in spare:
        if sum(widths[index] for index in shown) <= width:
            break
        shown.remove(columns.index(name))
    return shown
