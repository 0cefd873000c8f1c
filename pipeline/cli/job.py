"""``pipeline job``: what was prepared, and what became of it."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import click

from pipeline.cli import completion
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.output import print_json, print_table
from pipeline.engines.report import messages as engine_messages
from pipeline.envs.registry import Registry
from pipeline.errors import PipelineError, UsageError, did_you_mean
from pipeline.jobs import environment_sources, overview
from pipeline.jobs.job import Job
from pipeline.jobs.plan import PlannedStage
from pipeline.jobs.state import StageState, StageStatus, Status
from pipeline.jobs.store import JobStore
from pipeline.jobs.why import explain
from pipeline.locks import is_held
from pipeline.project import Project
from pipeline.text import printable
from pipeline.values import plain

SHOWN_WIDTH = 80  # characters of a changed value
KILLED = "killed"  # said to be running by the journal, but nobody holds the job's lock


@click.group("job")
def group() -> None:
    """Jobs: what was prepared, and what became of it."""


@group.command("list")
@json_option
@root_option
def list_(as_json: bool) -> None:
    """List all jobs with their state."""
    store = JobStore(project().jobs)
    rows = [_row(store, id) for id in store.ids()]
    if as_json:
        print_json("job-list", rows)
    else:
        cells = [[row["job_id"], row["workflow"], row["state"], printable(row["input"])] for row in rows]
        print_table(["job", "workflow", "state", "input"], cells, "no job has been prepared yet")


@group.command()
@click.argument("id", shell_complete=completion.jobs)
@json_option
@root_option
def show(id: str, as_json: bool) -> None:
    """Show a job's stages: environment, state, attempts and time."""
    here = project()
    job = JobStore(here.jobs).find(id)
    summary, state = _summary(job), job.state()
    killed = summary["state"] == KILLED
    rows = [_stage(job, stage, known, killed) for stage, known in overview.stages(job, state)]
    data = {
        **summary,
        "environments": plain(job.plan.environment_sources),
        "decisions": plain(job.plan.decisions),
        "stages": rows,
        "output": str(job.output),
    }
    if as_json:
        print_json("job", data)
        return
    click.echo(f"{job.id}: {data['workflow']}, {data['state']}, input {printable(data['input'])}")
    cells = [
        [
            row["name"],
            row["environment"],
            row["state"],
            str(row["attempt"] or ""),
            _seconds(row["seconds"]),
            _remark(row),
        ]
        for row in data["stages"]
    ]
    print_table(["stage", "environment", "state", "attempt", "time", "remark"], cells, "")
    for line in [*environment_sources.messages(job.plan), *engine_messages(job.plan.decisions), *_by_now(here, job)]:
        click.echo(printable(line))
    if data["state"] == Status.FINISHED.value:
        click.echo(f"output: {printable(data['output'])}")


@group.command()
@click.argument("id", shell_complete=completion.jobs)
@click.argument("stage", required=False)
@json_option
@root_option
def logs(id: str, stage: str | None, as_json: bool) -> None:
    """Print what a job's stages wrote, or only STAGE."""
    job = JobStore(project().jobs).find(id)
    texts = {name: _log(job, name) for name in _chosen(job, stage)}
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


@group.command()
@click.argument("id", shell_complete=completion.jobs)
@click.argument("stage", required=False)
@json_option
@root_option
def why(id: str, stage: str | None, as_json: bool) -> None:
    """Say why each stage ran or was reused, or only STAGE: which part of its key changed, from what to what."""
    store = JobStore(project().jobs)
    job = store.find(id)
    chosen = _chosen(job, stage)
    found = [each for each in explain(job, store) if each.stage in chosen]
    if as_json:
        print_json("job-why", [asdict(each) for each in found])
        return
    for each in found:
        click.echo(printable(f"{each.stage}: {each.what}{f': {each.because}' if each.because else ''}"))
        for change in each.changes:
            click.echo(printable(f"    {change.part}: {_shown(change.before)} -> {_shown(change.after)}"))


@group.command()
@click.argument("id", shell_complete=completion.jobs)
@root_option
def cancel(id: str) -> None:
    """Give a job up: its stages are ended, and it isn't run again unless it is named.

    The process that runs it goes on with its other jobs.
    """
    from pipeline.jobs.cancel import cancel

    job = JobStore(project().jobs).find(id)
    click.echo(f"{job.id}: {cancel(job)}")


def _by_now(here: Project, job: Job) -> list[str]:
    names = environment_sources.replaceable(job.plan, Registry(here.environments))
    return [f"environment {name} is built by now; a job that is prepared anew gets it" for name in names]


def _chosen(job: Job, stage: str | None) -> list[str]:
    """All stages, or this one with its members if it is a fan-out. Raises ``UsageError`` where there is none."""
    state = job.state()
    known = [each.name for each, _ in overview.stages(job, state)]
    if stage is None:
        return known
    if stage not in known:
        raise UsageError(f"{job.id} has no stage '{stage}'{did_you_mean(stage, known)}", f"pipeline job show {job.id}")
    return [stage, *overview.members(stage, state)]


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN_WIDTH else f"{text[:SHOWN_WIDTH]}..."


def _row(store: JobStore, id: str) -> dict[str, Any]:
    """A job that can't be read is a row that says so; it doesn't hide the others."""
    try:
        return _summary(store.find(id))
    except (PipelineError, OSError) as error:
        return {"job_id": id, "workflow": "", "state": "damaged", "input": str(error), "created_at": None}


def _summary(job: Job) -> dict[str, Any]:
    return {
        "job_id": job.id,
        "workflow": job.plan.workflow,
        "state": _state(job),
        "input": job.plan.input.path,
        "created_at": job.plan.created_at,
    }


def _state(job: Job) -> str:
    """What the journal says; a run that ended without a word shows as killed, which its lock tells."""
    status = job.state().status
    if status is Status.RUNNING and not is_held(job.lock):
        return KILLED
    return status.value


def _stage(job: Job, stage: PlannedStage, state: StageState, killed: bool) -> dict[str, Any]:
    taken = state.committed.taken if state.committed and state.status is StageStatus.FINISHED else None
    return {
        "name": stage.name,
        "environment": stage.environment,
        "state": KILLED if killed and state.status is StageStatus.RUNNING else state.status.value,
        "attempt": state.attempt,
        "seconds": state.seconds,
        "reason": state.reason,
        "taken_from": taken,
        "warnings": list(state.warnings),
        "log": str(job.log(stage.name)),
    }


def _remark(row: Mapping[str, Any]) -> str:
    taken = f"taken from {row['taken_from']}" if row["taken_from"] else None
    return printable("; ".join(filter(None, [row["reason"], taken, *row["warnings"]])))


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.1f} s"


def _log(job: Job, stage: str) -> str | None:
    try:
        return job.log(stage).read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        return None
