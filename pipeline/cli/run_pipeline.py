"""``run-pipeline``: run a prepared job, or go on with one that was stopped."""

from typing import TYPE_CHECKING

import click

from pipeline.cli import completion, handler
from pipeline.cli.context import on_terminal, project, root_option, version_option
from pipeline.errors import UsageError
from pipeline.jobs.job import Job
from pipeline.project import Project

if TYPE_CHECKING:
    from pipeline.cli.plain import PlainReporter


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-j",
    "--job",
    "name",
    required=True,
    metavar="ID",
    shell_complete=completion.jobs,
    help="The job's id, or 'latest'.",
)
@root_option
@version_option
def command(name: str) -> None:
    """Run a job's stages, each in its own environment.

    A job that was interrupted, failed or killed goes on after the last finished stage; a finished one does nothing.
    """
    from pipeline.jobs.store import JobStore
    from pipeline.locks import Held, exclusive

    here = project()
    job = JobStore(here.jobs).find(name)
    try:
        with exclusive(job.lock):
            _run(here, job)
    except Held as held:
        raise UsageError(f"{job.id} is being run by {held.holder}", f"pipeline job show {job.id}") from held


def _run(here: Project, job: Job) -> None:
    from pipeline import interrupts, runtime
    from pipeline.executors import EXECUTORS
    from pipeline.scheduler import JobRun

    with interrupts.watched() as asked:
        resolved = runtime.resolve(here, job)
        reporter = _reporter(job)
        try:
            reporter.job_started(resolved)
            executor = EXECUTORS["local"](job.folder / "logs")
            outcome = JobRun(here, job, resolved, executor, reporter).run(asked)
        finally:
            reporter.close()
    reporter.job_finished(outcome)


def _reporter(job: Job) -> "PlainReporter":
    """Live on a terminal; rich is imported only there."""
    if on_terminal():
        from pipeline.cli.live import LiveReporter

        return LiveReporter(job)
    from pipeline.cli.plain import PlainReporter

    return PlainReporter(job)


def main() -> None:
    handler.run(command)
