"""``pipeline job logs``."""

import click

from pipeline.cli import completion
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.output import print_json
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.stage_names import chosen
from pipeline.jobs.store import JobStore


@click.command("logs")
@click.argument("id", shell_complete=completion.jobs)
@click.argument("stage", required=False)
@json_option
@root_option
def command(id: str, stage: str | None, as_json: bool) -> None:
    """Print what a job's stages and services wrote, or only STAGE."""
    job = JobStore(project().jobs).find(id)
    texts = {name: _log(job, name) for name in _names(job, stage)}
    if as_json:
        print_json(
            "job-logs", [{"stage": name, "log": str(job.log(name)), "text": text} for name, text in texts.items()]
        )
        return
    for name, text in texts.items():
        if text is None:
            continue
        if name != stage:
            click.echo(f"==> {name}: {job.log(name)} <==")
        click.echo(text, nl=not text.endswith("\n"))


def _names(job: PlannedJob, stage: str | None) -> list[str]:
    """A service that another job has started writes into that one's log."""
    services = [service.name for service in job.plan.services]
    if stage in services:
        return [stage]
    return [*services, *chosen(job, None)] if stage is None else chosen(job, stage)


def _log(job: PlannedJob, stage: str) -> str | None:
    try:
        return job.log(stage).read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        return None
