"""``pipeline job cancel``."""

import click

from pipeline.cli import completion
from pipeline.cli.context import project, root_option
from pipeline.jobs.cancel import cancel
from pipeline.jobs.store import JobStore


@click.command("cancel")
@click.argument("id", shell_complete=completion.jobs)
@root_option
def command(id: str) -> None:
    """Give a job up: its stages are ended, and it isn't run again unless it is named.

    The process that runs it goes on with its other jobs.
    """
    job = JobStore(project().jobs).find(id)
    click.echo(f"{job.id}: {cancel(job)}")
