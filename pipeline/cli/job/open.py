"""``pipeline job open``."""

import os
import sys

import click

from pipeline.cli import completion
from pipeline.cli.context import project, root_option
from pipeline.errors import UsageError
from pipeline.jobs.job import JobFolder, PlannedJob
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
    store = JobStore(project().jobs)
    job = store.find(id)
    if not job.output.is_dir():
        raise UsageError(f"{job.id} has no results yet", _instead(store, job))
    click.echo(printable(str(job.output)))
    if not only_print and _has_windows():
        click.launch(str(job.output))


def _instead(store: JobStore, job: PlannedJob) -> str:
    """The command that makes its results, and the one that opens the latest that are there."""
    run = f"run-pipeline -j {job.id}"
    other = next((each for each in reversed(store.ids()) if JobFolder(store.folder(each)).output.is_dir()), None)
    return f"{run}\nor open the latest job that has results\npipeline job open {other}" if other else run


def _has_windows() -> bool:
    return sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in DISPLAYS)
