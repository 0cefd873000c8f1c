"""``pipeline job list``."""

from dataclasses import asdict

import click

from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.job.selection import job_filter, options, shown_date
from pipeline.cli.output import print_json, print_table
from pipeline.jobs.store import JobStore
from pipeline.jobs.summary import summaries
from pipeline.text import counted, printable


@click.command("list")
@options
@click.option("-n", "--last", type=click.IntRange(1), metavar="N", help="Only the last N of them.")
@json_option
@root_option
def command(last: int | None, as_json: bool, **filters: str | tuple[str, ...] | None) -> None:
    """List jobs with their state, the oldest first."""
    wanted = job_filter(**filters)  # type: ignore[arg-type]  # click's types are those of its options
    known = summaries(JobStore(project().jobs))
    chosen = wanted.chosen(known)
    rows = chosen[-last:] if last else chosen
    if as_json:
        print_json("job-list", [asdict(row) for row in rows])
        return
    cells = [[row.job_id, shown_date(row.created_at), row.workflow, row.state, printable(row.input)] for row in rows]
    empty = f"these options match none of {counted(len(known), 'job')}" if known else "no job has been prepared yet"
    print_table(["job", "prepared", "workflow", "state", "input"], cells, empty, spare=["workflow", "prepared"])
