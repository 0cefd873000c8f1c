"""``run-pipeline``: run prepared jobs, or go on with those that were stopped."""

import gc
import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.cli import handler
from pipeline.cli.options import HELP, Option, click_command, parse
from pipeline.errors import UsageError
from pipeline.policy import STARTS

if TYPE_CHECKING:
    from pipeline.project import Project
    from pipeline.run.execute import Options

NAME = "run-pipeline"
TEXT = """Run jobs' stages, each in its own environment.

A job that was interrupted, failed or killed goes on after what is finished; a finished one does nothing.
"""


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or int(text) < 1:
        raise ValueError("give a whole number of at least 1")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < math.inf:
        raise ValueError("give seconds, more than 0")
    return seconds


def _start(text: str) -> str:
    if text not in STARTS:
        raise ValueError(f"there are {' and '.join(STARTS)}")
    return text


def _jobs(*arguments: Any) -> Any:
    from pipeline.cli import completion

    return completion.jobs(*arguments)


OPTIONS = (
    Option(
        flags=("-j", "--job"),
        name="jobs",
        metavar="ID",
        many=True,
        completes=_jobs,
        help="The job's id, or 'latest'. May be repeated: the jobs run side by side.",
    ),
    Option(flags=("--all-prepared",), name="all", help="Every job that has not been finished, failed or cancelled."),
    Option(
        flags=("--max-parallel",), name="max_parallel", metavar="N", read=_count, help="At most so many stages at once."
    ),
    Option(flags=("--limit",), name="limits", metavar="NAME=AMOUNT", many=True, help="cpus=4, memory=8GiB or gpus=1."),
    Option(flags=("--from",), name="start_at", metavar="STAGE", help="Only this stage and those that depend on it."),
    Option(flags=("--until",), name="until", metavar="STAGE", help="Only this stage and those that it depends on."),
    Option(flags=("--only",), name="only", metavar="STAGE", help="Only this stage."),
    Option(
        flags=("--force",),
        name="force",
        metavar="[STAGE]",
        may_be_bare=True,
        constant="*",
        help="Run it, or all, even if nothing has changed.",
    ),
    Option(flags=("--dry-run",), name="dry_run", help="Show what would run and why; run nothing."),
    Option(
        flags=("--keep-going",),
        name="keep_going",
        default=True,
        help="After a failure, do what doesn't depend on it (default).",
    ),
    Option(
        flags=("--fail-fast",),
        name="keep_going",
        default=True,
        constant=False,
        help="After a failure, start nothing more.",
    ),
    Option(
        flags=("--start",),
        name="start",
        metavar=f"[{'|'.join(STARTS)}]",
        read=_start,
        help="How to start stages that allow it.",
    ),
    Option(flags=("--timeout",), name="timeout", metavar="SECONDS", read=_seconds, help="A limit for each job."),
    Option(flags=("--verify",), name="verify", help="Read finished outputs instead of trusting their size and time."),
    Option(
        flags=("--root",),
        name="root",
        metavar="DIRECTORY",
        read=Path,
        help="The project's folder; default: PIPELINE_ROOT, the one around the current folder, or this command's.",
    ),
)


def perform(words: Sequence[str]) -> None:
    """Do what the words ask for. Raises the error that fits."""
    if any(word in HELP for word in words) or f"_{NAME.replace('-', '_').upper()}_COMPLETE" in os.environ:
        click_command(NAME, TEXT, OPTIONS).main(list(words), NAME, standalone_mode=False)
        return
    values = parse(NAME, words, OPTIONS)
    from pipeline.cli import runner
    from pipeline.cli.location import locate

    options, here = _options(values), locate(values["root"])
    if bool(values["jobs"]) == bool(values["all"]):
        raise UsageError("name jobs with -j ID, or take them all with --all-prepared", "pipeline job list")
    folders = runner.unfinished(here) if values["all"] else runner.named(here, values["jobs"])
    if values["dry_run"]:
        _forecast(here, folders, options)
    else:
        runner.run(here, folders, options)


def _options(values: dict[str, Any]) -> "Options":
    from pipeline.host.resources import parse_limits
    from pipeline.run.bounds import Bounds
    from pipeline.run.execute import Options
    from pipeline.run.selection import Selection

    return Options(
        Selection(values["start_at"], values["until"], values["only"], values["force"]),
        Bounds(values["max_parallel"], values["keep_going"], values["timeout"]),
        parse_limits(values["limits"]),
        values["start"],
        bool(values["verify"]),
    )


def _forecast(here: "Project", folders: Sequence[Path], options: "Options") -> None:
    """What would run, and why; nothing is started or written."""
    import click

    from pipeline.cache.store import ResultStore
    from pipeline.cli.output import print_table
    from pipeline.jobs.job import load
    from pipeline.jobs.results import Results
    from pipeline.run.forecast import forecast
    from pipeline.run.reuse import Reuse
    from pipeline.run.selection import choose
    from pipeline.run.stage_key import StageKeys

    store = ResultStore(here.results)
    for job in map(load, folders):
        reuse = Reuse(job, job.loaded, store, options.verify)
        found = forecast(choose(job, options.selection), reuse, StageKeys(here, job, Results()))
        click.echo(f"{job.id}: workflow {job.plan.workflow}")
        rows = [[each.stage, each.environment, each.verdict, each.why] for each in found]
        print_table(["stage", "environment", "would", "why"], rows, "")


def main() -> None:
    gc.disable()  # nothing that is imported is garbage; the run itself enables it
    # To take the interpreter down in order takes longer than a small job's whole work.
    os._exit(handler.code_of(lambda: perform(sys.argv[1:])))
