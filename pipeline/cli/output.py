"""Output of the commands: JSON in an envelope for programs, tables for people."""

import json
import sys
from collections.abc import Sequence
from typing import Any

import click

from pipeline.cli import terminal_size
from pipeline.errors import PipelineError

ENVELOPE = 1
GAP = 3  # between two columns


def print_json(kind: str, data: Any) -> None:
    """Prints ``{"schema": 1, "kind": …, "data": …}``. A higher ``schema`` means that readers must be adapted."""
    click.echo(json.dumps({"schema": ENVELOPE, "kind": kind, "data": data}, indent=2))


def print_error(error: PipelineError) -> None:
    """Prints an error in the same envelope, without data. It is one line with ``event``, as all events of a run are."""
    content = {"message": error.message, "next": error.next_step, "exit_code": int(error.exit_code)}
    click.echo(json.dumps({"schema": ENVELOPE, "kind": "error", "event": "error", "data": None, "error": content}))


def print_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    empty: str,
    err: bool = False,
    spare: Sequence[str] = (),
) -> None:
    """Prints a table, or the text ``empty`` where it has no rows.

    ``err``: print to the standard error, so that the standard output has results only. ``spare``: columns that are left
    out, in this order, until rows fit into the lines of a terminal.
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
    is_terminal = stream.isatty()
    variables = terminal_size.variables(is_terminal)
    console = Console(file=stream, width=None if is_terminal else 10_000, _environ=variables)
    shown = columns_that_fit(columns, rows, console.width, spare)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for index in shown:
        table.add_column(columns[index], overflow="fold")
    for row in rows:
        table.add_row(*(Text(row[index]) for index in shown))  # a file's name may look like rich's markup
    console.print(table)
    if left := [name for index, name in enumerate(columns) if index not in shown]:
        click.echo(f"too narrow to show: {', '.join(left)} (--json has all columns)", err=err)


def columns_that_fit(
    columns: Sequence[str], rows: Sequence[Sequence[str]], width: int, spare: Sequence[str]
) -> list[int]:
    """Indexes of the columns to show in a terminal that is ``width`` characters wide."""
    widths = [max(map(len, cells)) + GAP for cells in zip(columns, *rows, strict=True)]
    shown = list(range(len(columns)))
    for name in spare:
        if sum(widths[index] for index in shown) <= width:
            break
        shown.remove(columns.index(name))
    return shown
