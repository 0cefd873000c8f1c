"""What became of many files, for people and programs."""

import shutil
import sys
from collections import Counter
from collections.abc import Sequence

import click

from pipeline.cli.output import print_json, print_table
from pipeline.cli.run_summary import FilmRow
from pipeline.errors import LISTED, PipelineError
from pipeline.prepare.batch import PrepareOutcome, PrepareStatus, SkipReason, exit_code
from pipeline.text import counted, printable, shortened

NAME_WIDTH = 28  # characters of a file's name in a table on a terminal


def show(outcomes: Sequence[PrepareOutcome]) -> None:
    """On the standard error: a table, or one line where there was nothing to do."""
    if line := nothing_to_do(outcomes):
        click.echo(line, err=True)
        return
    cells = [
        [printable(each.input.name), each.status.value, each.reason or (each.job.id if each.job else "")]
        for each in outcomes
    ]
    if sys.stderr.isatty():  # each on one line; the reasons of failures stand below, whole
        room = max(20, shutil.get_terminal_size().columns - NAME_WIDTH - 18)
        cells = [[shortened(name, NAME_WIDTH), result, reason[:room]] for name, result, reason in cells]
    print_table(["input", "result", "job or reason"], cells, "no file was looked at", err=True)


def show_idle(outcomes: Sequence[PrepareOutcome]) -> None:
    """On the standard error, where nothing is run: what can't be prepared is told by the error that follows."""
    if line := nothing_to_do(outcomes):
        click.echo(line, err=True)
    elif skipped := skip_counts(outcomes):
        click.echo(f"nothing to do for the others: {skipped}", err=True)


def show_json(outcomes: Sequence[PrepareOutcome]) -> None:
    rows = [
        {
            "input": str(each.input),
            "became": each.status.value,
            "job_id": each.job.id if each.job else None,
            "why": each.why,
            "next": each.next_step,
            "exit_code": int(each.code),
        }
        for each in outcomes
    ]
    print_json("prepared", rows)


def nothing_to_do(outcomes: Sequence[PrepareOutcome]) -> str:
    """One line, where nothing is left to do for any file; else empty."""
    idle = {SkipReason.FINISHED, SkipReason.HAS_SUBTITLES, SkipReason.OUR_RESULT, SkipReason.RUNNING}
    if not outcomes or any(each.skipped not in idle for each in outcomes):
        return ""
    inputs = [each for each in outcomes if each.skipped is not SkipReason.OUR_RESULT] or outcomes
    return f"{counted(len(inputs), 'file')}, nothing to do: {skip_counts(inputs)}"


def skip_counts(outcomes: Sequence[PrepareOutcome]) -> str:
    """Such as ``3 finished before, 1 with such subtitles already``; empty where none was skipped."""
    counts = Counter(_told(each.skipped, each.why) for each in outcomes if each.skipped)
    return ", ".join(f"{count} {told}" for told, count in counts.items())


def _told(reason: SkipReason, why: str) -> str:
    """Who runs a job is known only to ``why``: ``JOB is being run by process 7 on HOST``."""
    return why.partition(" is ")[2] if reason is SkipReason.RUNNING else reason.value


def failed_rows(outcomes: Sequence[PrepareOutcome]) -> list[FilmRow]:
    """For the table at the end of a run."""
    return [
        FilmRow(printable(each.input.name), "", "not prepared", "", "", each.reason, "")
        for each in outcomes
        if each.status is PrepareStatus.FAILED
    ]


def error(outcomes: Sequence[PrepareOutcome]) -> PipelineError | None:
    """About the files that can't be prepared."""
    failed = [each for each in outcomes if each.status is PrepareStatus.FAILED]
    if not failed:
        return None
    steps = list(dict.fromkeys(each.next_step for each in failed if each.next_step))
    named = [f"  {printable(each.input.name)}: {each.reason}" for each in failed[:LISTED]]
    more = [f"  and {len(failed) - LISTED} more"] if len(failed) > LISTED else []
    what = f"{len(failed)} of {len(outcomes)} can't be prepared:"
    return PipelineError("\n".join([what, *named, *more]), "\n".join(steps) or None, exit_code(failed))


def next_command(outcomes: Sequence[PrepareOutcome]) -> str | None:
    """What runs the jobs that were prepared, with those that were prepared before and wait still."""
    ids = [each.job.id for each in outcomes if each.job and (each.is_to_run or each.waits)]
    if not ids:
        return None
    return f"run-pipeline {' '.join(f'-j {id}' for id in ids) if len(ids) <= LISTED else '--all-prepared'}"
