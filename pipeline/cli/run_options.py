"""The options of ``run-pipeline``."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.cli.options import Option
from pipeline.policy import STARTS

if TYPE_CHECKING:
    from pipeline.run.execution import Options

NAME = "run-pipeline"
EXECUTORS = ("local", "dask")  # this machine, or the nodes of a cluster (cli/workplaces.py)
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
        raise ValueError(f"choose {' or '.join(STARTS)}")
    return text


def _executor(text: str) -> str:
    if text not in EXECUTORS:
        raise ValueError(f"choose {' or '.join(EXECUTORS)}")
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
    Option(
        flags=("--executor",),
        name="executor",
        metavar=f"[{'|'.join(EXECUTORS)}]",
        read=_executor,
        help="Where stages run: on this machine (default), or on a cluster's nodes.",
    ),
    Option(
        flags=("--cluster",),
        name="cluster",
        metavar="NAME|ADDRESS",
        help="Of config/clusters.yaml, or the address of a Dask scheduler.",
    ),
    Option(flags=("--json",), name="json", help="Print an event a line, as JSON, for programs."),
    Option(flags=("-q", "--quiet"), name="quiet", help="Tell nothing but errors and what is delivered."),
    Option(flags=("--timeout",), name="timeout", metavar="SECONDS", read=_seconds, help="A limit for each job."),
    Option(flags=("--verify",), name="verify", help="Read every byte of finished outputs before they count."),
    Option(
        flags=("--root",),
        name="root",
        metavar="DIRECTORY",
        read=Path,
        help="The project's folder; default: PIPELINE_ROOT, the active .venv's, or the one around the current folder.",
    ),
)

# Of a run that chooses its jobs by itself.
OF_EVERY_RUN = tuple(each for each in OPTIONS if each.name not in {"jobs", "all", "dry_run", "json", "root"})

# Of a run that prepares its jobs first.
OF_PREPARED = tuple(each for each in OPTIONS if each.name in {"executor", "cluster"})


def execution_options(values: Mapping[str, Any]) -> "Options":
    """What a run is asked for, from the options' values by name."""
    from pipeline.host.run_limits import parse_limits
    from pipeline.run.execution import Options
    from pipeline.run.run_bounds import Bounds
    from pipeline.run.selection import Selection

    return Options(
        Selection(values["start_at"], values["until"], values["only"], values["force"]),
        Bounds(values["max_parallel"], values["keep_going"], values["timeout"]),
        parse_limits(values["limits"]),
        values["start"],
        bool(values["verify"]),
        values["executor"] or "",
        values["cluster"] or "",
    )
