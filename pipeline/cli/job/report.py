"""``pipeline job report``."""

import contextlib
import gc
from collections.abc import Iterator
from pathlib import Path

import click

from pipeline.cli import completion, named_file
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.output import print_json
from pipeline.cli.value_types import NamedPath
from pipeline.report.project_report import page_of, report_of
from pipeline.values import plain


@click.command("report")
@click.argument("id", shell_complete=completion.jobs)
@click.option("--output", "-o", type=NamedPath(path_type=Path, dir_okay=False), help="The page, such as report.html.")
@click.option("--against", metavar="ID", shell_complete=completion.jobs, help="Also say what differs from this job.")
@json_option
@root_option
def command(id: str, output: Path | None, against: str | None, as_json: bool) -> None:
    """Make a page about a job: timeline, stages, why each ran, environments, failures. It needs no network.

    Any job will do: one that runs, that failed, or that was made long ago.
    """
    if output is None and not as_json:
        raise click.UsageError("Name the page with -o FILE.html, or ask for --json.")
    with _uncollected():
        here = project()
        found = report_of(here, id, against)
        if output is not None:
            named_file.write(output, page_of(here, found).encode("utf-8", "backslashreplace"))
    if as_json:
        print_json("job-report", plain(found))
    elif output is not None:
        click.echo(output)


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Without the collector of cycles: of the many values of a large report it would look at each again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
