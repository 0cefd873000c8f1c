"""Runs jobs for commands, and shows what became of them. Without click."""

import gc
import os
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli import handler
from pipeline.cli.workplaces import workplace_of
from pipeline.envs import hub_variables
from pipeline.errors import PipelineError, UsageError
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.store import JobStore
from pipeline.project import ProjectFolder
from pipeline.run.execution import Options, execute
from pipeline.run.runtime import Runtime

if TYPE_CHECKING:
    from pipeline.cli.film_queue import FilmQueue
    from pipeline.cli.run_reporter import RunReporter
    from pipeline.run.edit_merger import EditMerger
    from pipeline.run.observer import JobOutcome


def named(here: ProjectFolder, names: Sequence[str]) -> list[Path]:
    """The folders of jobs, each once."""
    return list(dict.fromkeys(map(JobStore(here.jobs).folder, names)))


def unfinished(here: ProjectFolder) -> list[Path]:
    """The folders of all jobs that are left to run."""
    folders = JobStore(here.jobs).unfinished()
    if not folders:
        raise UsageError("no job is left to run", "pipeline job list")
    return folders


def run(
    here: ProjectFolder,
    folders: Sequence[Path],
    options: Options,
    as_json: bool = False,
    later: "FilmQueue | None" = None,
    is_quiet: bool = False,
) -> "Mapping[str, JobOutcome]":
    """What became of each job, by its id. ``as_json``: tell a program, a line for each event. ``later``: prepares more
    jobs while these run. ``is_quiet``: tell only what is delivered.

    Raises the error of the job that failed.
    """
    gc.freeze()
    gc.enable()
    for what in hub_variables.unreadable(os.environ).values():
        print(f"warning: {what}; stages don't get it", file=sys.stderr)
    reporters: list[RunReporter] = []

    def reporter(jobs: Sequence[PlannedJob], runtimes: Mapping[str, Runtime]) -> "RunReporter":
        reporters.append(_reporter(jobs, here, as_json, is_quiet))
        reporters[0].inputs_left(later.left if later else 0)
        reporters[0].run_started(runtimes)
        return reporters[0]

    try:
        place = workplace_of(here, options.executor, options.cluster)
        outcomes = execute(here, folders, options, reporter, partial(film_edits, here), later, place)
    finally:
        for each in reporters:
            each.close()
    reporters[0].run_ended(outcomes, later.outcomes if later else ())
    _raise_for(outcomes)
    return outcomes


def film_edits(here: ProjectFolder) -> "EditMerger":
    """What brings people's edits of subtitles into those that a run makes again."""
    from pipeline.films.run_edits import FilmEdits

    return FilmEdits(here)


def _raise_for(outcomes: "Mapping[str, JobOutcome]") -> None:
    """With several errors each is told, once, and the first decides the exit code."""
    errors = {id: outcome.error for id, outcome in outcomes.items() if outcome.error}
    if len(errors) > 1:
        known = [handler.known(error) or error for error in errors.values()]
        told = dict.fromkeys(getattr(error, "message", str(error)) for error in known)
        # What helps against an error of the machine; an error of one job names that job alone.
        before = [
            str(each.next_step) for each in known if isinstance(each, PipelineError) and each not in errors.values()
        ]
        again = " ".join(f"-j {id}" for id in errors)
        steps = dict.fromkeys([*before, f"run-pipeline {again}"])
        raise UsageError("\n".join(told), "\n".join(steps), getattr(known[0], "exit_code", None))
    for error in errors.values():
        raise error


def _reporter(jobs: Sequence[PlannedJob], here: ProjectFolder, as_json: bool, is_quiet: bool) -> "RunReporter":
    """Live on a terminal; rich is imported only there. Each is imported when the first interpreter starts already."""
    if as_json:
        from pipeline.cli.json_reporter import JsonReporter

        return JsonReporter(jobs)
    if is_quiet:
        from pipeline.cli.quiet_reporter import QuietReporter

        return QuietReporter(jobs)
    if sys.stderr.isatty():
        from pipeline.cli.live_reporter import LiveReporter

        return LiveReporter(jobs, here)
    from pipeline.cli.plain_reporter import PlainReporter

    return PlainReporter(jobs)
