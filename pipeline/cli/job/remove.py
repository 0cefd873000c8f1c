"""``pipeline job rm``."""

from collections.abc import Sequence
from typing import Any

import click

from pipeline.cli import completion
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.job.selection import job_filter, options
from pipeline.cli.output import print_json, print_table
from pipeline.errors import ExitCode, PipelineError, UsageError
from pipeline.jobs import output_edits, removal
from pipeline.jobs.hand_edits import HandEdits
from pipeline.jobs.job import JobFolder
from pipeline.jobs.state import Status
from pipeline.jobs.store import JobStore
from pipeline.jobs.summary import JobSummary, summaries
from pipeline.sizes import show_size
from pipeline.subtitles.draft_file import DraftFile
from pipeline.text import counted, printable

OVER = (Status.FINISHED.value, Status.FAILED.value, Status.CANCELLED.value, "damaged")  # nothing is left to run


@click.command("rm")
@click.argument("ids", nargs=-1, metavar="[ID]...", shell_complete=completion.jobs)
@options
@click.option("--force", is_flag=True, help="Also jobs that are left to run, and edits that nobody has accepted.")
@click.option("--dry-run", is_flag=True, help="Only show what would be removed.")
@json_option
@root_option
def command(ids: tuple[str, ...], force: bool, dry_run: bool, as_json: bool, **filters: Any) -> None:
    """Remove jobs with all that they made and delivered, by ID or by the options: their output folders are gone then.

    Subtitles that were put beside a movie stay. The store of results keeps its own: pipeline cache trim.
    """
    store = JobStore(project().jobs)
    named = _named(store, ids)
    wanted = job_filter(**filters)
    if not named and wanted.is_empty:
        raise UsageError("no job was named: give ids of jobs, or options that choose some", "pipeline job rm --help")
    chosen = [job for job in wanted.chosen(summaries(store)) if not named or job.job_id in named]
    _require_over(chosen, force, by_id=bool(named))
    rows = [_row(store, job, dry_run, force) for job in chosen if force or job.state in OVER]
    left = [job for job in chosen if not force and job.state not in OVER]
    if as_json:
        print_json("job-remove", {"dry_run": dry_run, "jobs": rows, "left_to_run": [job.job_id for job in left]})
    else:
        _show(rows, dry_run, left)
    if any(row["problem"] for row in rows):
        raise PipelineError(
            "not all of these jobs were removed; the table says why", "pipeline job list", ExitCode.NOT_READY
        )


def _named(store: JobStore, ids: Sequence[str]) -> list[str]:
    """Raises ``UsageError`` for an id that no job has."""
    return [store.folder(id).name for id in ids]


def _require_over(chosen: Sequence[JobSummary], force: bool, by_id: bool) -> None:
    """Raises ``UsageError`` for a job that a person named and that is left to run."""
    for job in chosen if by_id and not force else ():
        if job.state not in OVER:
            raise UsageError(
                f"{job.job_id} is {job.state}, so that it can still be run", f"pipeline job rm --force {job.job_id}"
            )


def _row(store: JobStore, job: JobSummary, dry_run: bool, force: bool) -> dict[str, Any]:
    folder = JobFolder(store.folder(job.job_id))
    row = {"job_id": job.job_id, "state": job.state, "input": job.input, "freed": 0, "problem": None}
    if not force and (edited := _unaccepted(store, job.job_id)):
        return {**row, "problem": f"stays: {', '.join(edited)} edited and not accepted (--force removes it)"}
    try:
        row["freed"] = removal.size_of(folder.folder) if dry_run else removal.remove(folder)
    except PipelineError as error:
        row["problem"] = error.message
    return row


def _unaccepted(store: JobStore, id: str) -> list[str]:
    """What people have edited and would lose; nothing of a job that can't be read."""
    try:
        job = store.find(id)
        drafts = sorted((job.folder / output_edits.FOLDER).glob("draft.*.jsonl"))
        begun = [each.name for each in drafts if not DraftFile(each).read().is_empty]
        return [printable(name) for name in (*HandEdits(job).unaccepted(), *begun)]
    except (PipelineError, OSError):
        return []


def _show(rows: Sequence[dict[str, Any]], dry_run: bool, left: Sequence[JobSummary]) -> None:
    cells = [
        [row["job_id"], row["state"], row["problem"] or show_size(row["freed"]), printable(row["input"])]
        for row in rows
    ]
    nothing = "nothing was removed" if left else "no job matches these options"
    print_table(["job", "state", "size", "input"], cells, nothing)
    if left:
        states = ", ".join(sorted({job.state for job in left}))
        those = f"{counted(len(left), 'job')} ({states}) can still be run and {'stay' if len(left) > 1 else 'stays'}"
        click.echo(f"{those}; --force removes {'them' if len(left) > 1 else 'it'}, too", err=True)
    if rows:
        done = [row for row in rows if not row["problem"]]
        words = "would be removed" if dry_run else "removed"
        click.echo(f"{counted(len(done), 'job')} {words}, {show_size(sum(row['freed'] for row in done))} of the disk")
