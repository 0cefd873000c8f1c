"""``pipeline job open``."""

import os
import sys

import click

from pipeline.cli import completion
from pipeline.cli.context import project, root_option
from pipeline.errors import UsageError
from pipeline.jobs.store import JobStore
from pipeline.text import printable

DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")  # one of them is set where windows can be shown


@click.command("open")
@click.argument("id", default="latest", shell_complete=completion.jobs)
@click.option("--print", "only_print", is_flag=True, help="Only print the folder's path.")
@root_option
def command(id: str, only_print: bool) -> None:
    """Open the folder with a job's results, and print its path; without ID, of the latest job.

    Where windows can't be shown, as over ssh, only the path is printed.
    """
    job = JobStore(project().jobs).find(id)
    if not job.output.is_dir():
        raise UsageError(f"{job.id} has no results yet", f"run-pipeline -j {job.id}")
    click.echo(printable(str(job.output)))
    if not only_print and _has_windows():
        click.launch(str(job.output))


def _has_windows() -> bool:
    return sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in DISPLAYS)
