"""``pipeline job timeline``."""

import json
import sys

import click

from pipeline.cli import completion, terminal_size
from pipeline.cli.context import project, root_option
from pipeline.report import pages, timeline_text, trace
from pipeline.report.project_report import report_of

COLUMNS = 100  # where no terminal says how many it has


@click.command("timeline")
@click.argument("id", shell_complete=completion.jobs)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "svg", "trace"]),
    default="text",
    show_default=True,
    help="text for a terminal, svg for a picture, trace for Perfetto and Chrome.",
)
@root_option
def command(id: str, form: str) -> None:
    """Show when each stage of a job waited, ran and was committed."""
    found = report_of(project(), id)
    if form == "svg":
        click.echo(pages.timeline_svg(found), nl=False)
    elif form == "trace":
        click.echo(json.dumps(trace.trace(found)))
    else:
        for line in timeline_text.lines(found, _columns()):
            click.echo(line)


def _columns() -> int:
    from rich.console import Console

    if not sys.stdout.isatty():
        return COLUMNS
    return Console(_environ=terminal_size.variables(True)).width
