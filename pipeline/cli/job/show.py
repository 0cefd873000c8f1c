"""``pipeline job show``."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import click

from pipeline.cli import completion
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.output import print_json, print_table
from pipeline.environments import registry_of
from pipeline.jobs import environment_sources, items, output_edits, overview, service_uses
from pipeline.jobs.hand_edits import HandEdits
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.plan import PlannedStage
from pipeline.jobs.state import StageState, StageStatus, Status
from pipeline.jobs.store import JobStore
from pipeline.jobs.summary import KILLED, summary
from pipeline.project import ProjectFolder
from pipeline.report.job_explanation import explanations
from pipeline.text import printable
from pipeline.values import plain


@click.command("show")
@click.argument("id", shell_complete=completion.jobs)
@json_option
@root_option
def command(id: str, as_json: bool) -> None:
    """Show a job's stages: environment, state, attempts and time."""
    here = project()
    job = JobStore(here.jobs).find(id)
    about, state = summary(job), job.state()
    killed = about.state == KILLED
    edits = output_edits.of_state(job, state)
    rows = [
        {**_stage(job, stage, known, killed), "edited": edits[stage.name].words if stage.name in edits else None}
        for stage, known in overview.stages(job, state)
    ]
    services = service_uses.of_job(job.plan, job.journal().read() if job.plan.services else ())
    data = {
        **asdict(about),
        "environments": plain(job.plan.environment_sources),
        "decisions": plain(job.plan.decisions),
        "model": plain(job.plan.model_decision),
        "stages": rows,
        "services": plain(services),
        "output": str(job.output),
    }
    if as_json:
        print_json("job", data)
        return
    click.echo(f"{job.id}: {data['workflow']}, {data['state']}, input {printable(data['input'])}")
    columns, cells = _table(rows, items.shown_names(job, state))
    print_table(columns, cells, "", spare=("environment",))
    for line in [*map(service_uses.words, services), *explanations(job, state), *_by_now(here, job)]:
        click.echo(printable(line))
    by_hand = HandEdits(job)
    for edit in by_hand.left():
        click.echo(by_hand.words(edit))
    if data["state"] == Status.FINISHED.value:
        click.echo(f"output: {printable(data['output'])}")


def _table(rows: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> tuple[list[str], list[list[str]]]:
    """What each stage does, where the workflow says it, before its name, which other commands take."""
    cells = [
        [
            printable(row["title"]),
            printable(names.get(row["name"], row["name"])),
            row["environment"],
            row["node"],
            row["state"],
            str(row["attempt"] or ""),
            _seconds(row["seconds"]),
            _remark(row),
        ]
        for row in rows
    ]
    columns = ["what it does", "stage", "environment", "node", "state", "attempt", "time", "remark"]
    told = [place for place, each in enumerate(columns) if each not in _untold(rows)]
    return [columns[place] for place in told], [[each[place] for place in told] for each in cells]


def _untold(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Columns that would be empty, as of any job that ran on this machine."""
    for column, key in (("what it does", "title"), ("node", "node")):
        if not any(row[key] for row in rows):
            yield column


def _by_now(here: ProjectFolder, job: PlannedJob) -> list[str]:
    names = environment_sources.replaceable(job.plan, registry_of(here))
    return [f"environment {name} has been built since; prepare the job again to use it" for name in names]


def _stage(job: PlannedJob, stage: PlannedStage, state: StageState, killed: bool) -> dict[str, Any]:
    taken = state.committed.taken if state.committed and state.status is StageStatus.FINISHED else None
    return {
        "name": stage.name,
        "title": stage.title,
        "environment": stage.environment,
        "state": KILLED if killed and state.status is StageStatus.RUNNING else state.status.value,
        "attempt": state.attempt,
        "seconds": state.seconds,
        "node": state.node,
        "reason": state.reason,
        "kind": state.kind,
        "taken_from": taken,
        "warnings": list(state.warnings),
        "log": str(job.log(stage.name)),
    }


def _remark(row: Mapping[str, Any]) -> str:
    taken = f"taken from {row['taken_from']}" if row["taken_from"] else None
    return printable("; ".join(filter(None, [row["kind"], row["reason"], row["edited"], taken, *row["warnings"]])))


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.1f} s"
