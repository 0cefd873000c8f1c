"""A run told to a program: one JSON object a line on the standard output, each as it happens."""

import contextlib
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.executors import StageReport
from pipeline.jobs.job import PlannedJob
from pipeline.run.observer import JobOutcome, StageStart
from pipeline.run.runtime import Runtime

if TYPE_CHECKING:
    from pipeline.prepare.batch import PrepareOutcome

SCHEMA = 1  # a higher one means that readers must be adapted
PROGRESS_EVERY = 1.0  # seconds between two lines about one stage


class JsonReporter:
    """Each line has ``event`` and ``at`` (seconds since 1970); those about a job have its id as ``job``."""

    def __init__(self, jobs: Sequence[PlannedJob]) -> None:
        self._jobs = jobs
        self._last_progress: dict[tuple[str, str], float] = {}

    def run_started(self, runtimes: Mapping[str, Runtime]) -> None:
        jobs = [_described(job) for job in self._jobs]
        problems = {name: why for runtime in runtimes.values() for name, why in runtime.problems.items()}
        self._tell("run_started", schema=SCHEMA, jobs=jobs, problems=problems)

    def stage_reused(self, job: PlannedJob, stage: str, seconds: float, origin: str) -> None:
        self._tell("stage_reused", job=job.id, stage=stage, seconds=seconds, origin=origin or None)

    def stage_waits(self, job: PlannedJob, stage: str, because: str) -> None:
        self._tell("stage_waits", job=job.id, stage=stage, because=because)

    def stage_started(self, job: PlannedJob, stage: str, start: StageStart) -> None:
        node = {"node": start.node} if start.node else {}
        because = start.because or None
        self._tell("stage_started", job=job.id, stage=stage, environment=start.environment, because=because, **node)

    def stage_reported(self, job: PlannedJob, stage: str, report: StageReport) -> None:
        if report.warning is not None:
            self._tell("stage_warned", job=job.id, stage=stage, warning=report.warning)
        last = self._last_progress.get((job.id, stage))
        if report.progress is not None and (last is None or time.monotonic() - last >= PROGRESS_EVERY):
            self._last_progress[job.id, stage] = time.monotonic()
            self._tell("stage_progress", job=job.id, stage=stage, share=report.progress, note=report.note)

    def stage_finished(self, job: PlannedJob, stage: str, seconds: float) -> None:
        self._tell("stage_finished", job=job.id, stage=stage, seconds=seconds)

    def stage_failed(self, job: PlannedJob, stage: str, reason: str, again: float | None) -> None:
        self._tell("stage_failed", job=job.id, stage=stage, reason=reason, again_in_seconds=again)

    def stage_skipped(self, job: PlannedJob, stage: str, because: str) -> None:
        self._tell("stage_skipped", job=job.id, stage=stage, because=because)

    def progress(self, text: str) -> None:
        self._tell("progress", text=text)

    def inputs_left(self, count: int) -> None:
        """The jobs are told as they join."""

    def job_joined(self, job: PlannedJob, runtime: Runtime | None) -> None:
        problems = runtime.problems if runtime else {}
        self._tell("job_joined", problems=problems, **_described(job))

    def job_ended(self, job: PlannedJob, outcome: JobOutcome) -> None:
        error = outcome.error
        self._tell(
            "job_ended",
            job=job.id,
            result=_result(outcome),
            delivered=[os.fspath(path) for path in outcome.delivered],
            error=None if error is None else getattr(error, "message", str(error)),
            next=getattr(error, "next_step", None),
        )

    def run_ended(self, outcomes: Mapping[str, JobOutcome], others: "Sequence[PrepareOutcome]" = ()) -> None:  # noqa: ARG002  # as ``RunReporter``
        self._tell("run_ended", jobs={id: _result(outcome) for id, outcome in outcomes.items()})

    def close(self) -> None:
        """Nothing to put back."""

    def _tell(self, event: str, **facts: Any) -> None:
        with contextlib.suppress(OSError):  # the reader may have gone; the jobs go on all the same
            sys.stdout.write(json.dumps({"event": event, "at": round(time.time(), 3), **facts}) + "\n")
            sys.stdout.flush()


def _described(job: PlannedJob) -> dict[str, Any]:
    return {"job": job.id, "workflow": job.plan.workflow, "input": job.plan.input.path, "stages": len(job.stages)}


def _result(outcome: JobOutcome) -> str:
    if outcome.error:
        return "failed"
    return "partial" if outcome.partial else "unchanged" if outcome.unchanged else "finished"
