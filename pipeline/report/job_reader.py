"""Gathers what a report has to say from a job's files."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from pipeline import __version__
from pipeline.files import read_json, tail
from pipeline.jobs import items, output_edits, overview, service_uses, sidecar
from pipeline.jobs.events import AnyEvent, AttemptFailed
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.plan import PlannedStage
from pipeline.jobs.state import JobState, StageState, StageStatus, Status
from pipeline.jobs.store import JobStore
from pipeline.jobs.summary import state_word
from pipeline.jobs.why import StageExplanation, explain
from pipeline.report.spans import spans
from pipeline.report.totals import by_node, most_at_once, totals
from pipeline.report.values import (
    AttemptSpan,
    JobReport,
    ReportedEnvironment,
    ReportedFailure,
    ReportedFile,
    ReportedReason,
)

MOST_ATTEMPTS = 10_000  # that are listed; all of them count in the sums
LOG_LINES = 20
NAMED = 5  # stages of which the same is to be said
MOST_FAILURES = 50


def read(job: PlannedJob, store: JobStore, health: Mapping[str, str], decisions: Sequence[str]) -> JobReport:
    """Everything about a job but its comparison with another one.

    ``health``: of each environment now, in words. ``decisions``: lines about how the job is done. Raises as
    ``PlannedJob.journal().read()`` does.
    """
    events = job.journal().read()
    state, word = job.loaded, state_word(job, job.loaded.status)
    shown = items.shown_names(job, state)
    found = spans(job.stages, events, shown, word == Status.RUNNING.value)
    rows = overview.stages(job, state)
    attempts = found.attempts
    return JobReport(
        job_id=job.id,
        workflow=job.plan.workflow,
        state=word,
        input=job.plan.input.path,
        created_at=job.plan.created_at,
        version=__version__,
        next=None if word in (Status.FINISHED.value, Status.RUNNING.value) else f"run-pipeline -j {job.id}",
        seconds=sum(run.end - run.begin for run in found.runs),
        working_seconds=sum(each.seconds for each in attempts),
        most_at_once=most_at_once(attempts),
        runs=found.runs,
        stages=tuple(totals(job.stages, {stage.name: each for stage, each in rows}, attempts)),
        nodes=tuple(by_node(attempts)),
        attempts=attempts[:MOST_ATTEMPTS],
        left_out=max(0, len(attempts) - MOST_ATTEMPTS),
        edges=tuple(_edges(job.stages)),
        services=service_uses.of_job(job.plan, events),
        environments=tuple(_environments(job, health, attempts)),
        models=job.plan.models,
        parameters=_parameters(job),
        decisions=tuple(decisions),
        notes=(*_notes(state), *_edits(job, state)),
        reasons=tuple(_reasons(explain(job, store, events), shown)),
        failures=tuple(_failures(job, rows, events, shown)),
        files=tuple(_files(job, state)),
    )


def _edges(stages: Sequence[PlannedStage]) -> Iterator[tuple[str, str]]:
    known = {stage.name for stage in stages}
    for stage in stages:
        yield from ((need, stage.name) for need in stage.needs if need in known)


def _environments(
    job: PlannedJob, health: Mapping[str, str], attempts: Sequence[AttemptSpan]
) -> Iterator[ReportedEnvironment]:
    plan = job.plan
    for name, key in plan.environment_keys.items():
        origin = plan.origin(name)
        repairs = [each.reason for each in attempts if each.environment == name and "repaired" in each.reason]
        yield ReportedEnvironment(
            name=name,
            key=key,
            lock=plan.environment_locks.get(name),
            source=origin.source.value,
            warning=origin.warning,
            health=health.get(name, "not looked at"),
            repairs=tuple(dict.fromkeys(repairs)),
        )


def _parameters(job: PlannedJob) -> dict[str, Any]:
    return {name: value for name, value in job.plan.parameters.items() if value is not None}


def _notes(state: JobState) -> list[str]:
    """What stages warned of or noted about their results, each once."""
    committed = [each.committed for each in state.stages.values() if each.committed]
    texts = [text for each in committed for text in (*_texts(each.about.get("notes")), *each.warnings)]
    return list(dict.fromkeys(texts))


def _edits(job: PlannedJob, state: JobState) -> Iterator[str]:
    for stage, edit in output_edits.of_state(job, state).items():
        for output in edit.outputs.values():
            yield f"{output.path.name} of stage '{stage}' was {edit.words}"


def _reasons(found: Sequence[StageExplanation], shown: Mapping[str, str]) -> Iterator[ReportedReason]:
    """The same is said once, where the first of its stages stands."""
    place: dict[tuple[Any, ...], int] = {}
    for each in found:
        place.setdefault(_said(each), len(place))
    for said, group in groupby(sorted(found, key=lambda each: place[_said(each)]), _said):
        names = [shown.get(each.stage, each.stage) for each in group]
        what, because, changes = said
        yield ReportedReason(tuple(names[:NAMED]), len(names), what, because, changes)


def _said(each: StageExplanation) -> tuple[str, str, tuple[str, ...]]:
    return each.what, each.because, tuple(change.words for change in each.changes)


def _failures(
    job: PlannedJob,
    rows: Sequence[tuple[PlannedStage, StageState]],
    events: Sequence[AnyEvent],
    shown: Mapping[str, str],
) -> Iterator[ReportedFailure]:
    kinds = {event.stage: event.kind for event in events if isinstance(event, AttemptFailed)}
    failed = [(stage, state) for stage, state in rows if state.status is StageStatus.FAILED and state.members is None]
    for stage, state in failed[:MOST_FAILURES]:
        log = job.log(stage.name)
        lines: list[str] = []
        with contextlib.suppress(OSError):
            lines = tail(log, LOG_LINES)
        yield ReportedFailure(
            stage=shown.get(stage.name, stage.name),
            kind=kinds.get(stage.name),
            reason=state.reason or "",
            log=str(log),
            last_lines=tuple(lines),
        )


def _files(job: PlannedJob, state: JobState) -> Iterator[ReportedFile]:
    for name in state.delivered:
        path = job.output / name
        size, about = None, dict[str, Any]()
        with contextlib.suppress(OSError):
            size = path.stat().st_size
        with contextlib.suppress(OSError, ValueError):
            about = read_json(job.output / sidecar.FOLDER / sidecar.name_for(name))
        if path.is_dir():  # an output with all that is in it
            size = about.get("size")
        yield ReportedFile(name, str(path), size, about.get("digest"), tuple(_texts(about.get("notes"))))


def _texts(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
