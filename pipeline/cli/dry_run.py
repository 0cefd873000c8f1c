"""``run-pipeline --dry-run``: what would run, and why; nothing is started or written."""

from collections.abc import Sequence
from pathlib import Path

import click

from pipeline.cache.store import ResultStore
from pipeline.cli.output import print_table
from pipeline.jobs.job import load
from pipeline.jobs.results import Results
from pipeline.project import Project
from pipeline.run.execute import Options
from pipeline.run.forecast import forecast
from pipeline.run.reuse import Reuse
from pipeline.run.selection import choose
from pipeline.run.stage_key import StageKeys


def tell(here: Project, folders: Sequence[Path], options: Options) -> None:
    store = ResultStore(here.results)
    for job in map(load, folders):
        chosen = choose(job, options.selection)
        keys = StageKeys(here, job, Results())
        found = forecast(chosen, Reuse(job, job.loaded, store, options.verify), keys)
        click.echo(f"{job.id}: workflow {job.plan.workflow}")
        rows = [[each.stage, each.environment, each.verdict, each.why] for each in found]
        print_table(["stage", "environment", "would", "why"], rows, "")
