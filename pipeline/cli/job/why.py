"""``pipeline job why``."""

import json
from dataclasses import asdict
from typing import Any

import click

from pipeline.cli import completion
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.job.stages import chosen
from pipeline.cli.output import print_json
from pipeline.jobs.store import JobStore
from pipeline.jobs.why import explain
from pipeline.text import printable

SHOWN_WIDTH = 80  # characters of a changed value


@click.command("why")
@click.argument("id", shell_complete=completion.jobs)
@click.argument("stage", required=False)
@json_option
@root_option
def command(id: str, stage: str | None, as_json: bool) -> None:
    """Say why each stage ran or was reused, or only STAGE: which part of its key changed, from what to what."""
    store = JobStore(project().jobs)
    job = store.find(id)
    names = chosen(job, stage)
    found = [each for each in explain(job, store) if each.stage in names]
    if as_json:
        print_json("job-why", [asdict(each) for each in found])
        return
    for each in found:
        click.echo(printable(f"{each.stage}: {each.what}{f': {each.because}' if each.because else ''}"))
        for change in each.changes:
            click.echo(printable(f"    {change.part}: {_shown(change.before)} -> {_shown(change.after)}"))


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN_WIDTH else f"{text[:SHOWN_WIDTH]}..."
