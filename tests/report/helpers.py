"""A job's journal with times, and the report that is read from it."""

from typing import Any

from pipeline.jobs.events import AnyEvent, AttemptFailed, RunFinished, RunStarted, StageFinished, StageStarted
from pipeline.jobs.records import OutputRecord
from pipeline.report.values import AttemptSpan, JobReport, RunSpan
from tests.jobs.helpers import DIGEST


def at(seconds: float) -> str:
    whole, part = divmod(round(seconds * 1000), 1000)
    return f"2026-01-01T{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}.{part:03d}Z"


def run_started(seconds: float) -> AnyEvent:
    return RunStarted(at=at(seconds))


def started(stage: str, seconds: float, attempt: int = 1, because: str = "", node: str = "") -> AnyEvent:
    return StageStarted(stage, attempt, DIGEST, because, node=node, at=at(seconds))


def finished(stage: str, seconds: float, took: float, **fields: Any) -> AnyEvent:
    outputs = fields.pop("outputs", {"file": OutputRecord("copy.txt", 1, 1, DIGEST)})
    return StageFinished(stage, fields.pop("attempt", 1), DIGEST, took, outputs, at=at(seconds), **fields)


def failed(
    stage: str, seconds: float, took: float, kind: str | None = "code error", attempt: int = 1, **fields: Any
) -> AnyEvent:
    return AttemptFailed(stage, attempt, took, "it raised an error", kind, at=at(seconds), **fields)


def run_finished(seconds: float) -> AnyEvent:
    return RunFinished((), at=at(seconds))


def a_span(stage: str = "copy", begin: float = 1.0, end: float = 3.0, **fields: Any) -> AttemptSpan:
    usual = {"shown": stage, "planned": stage, "environment": "alpha", "attempt": 1, "run": 1, "state": "finished"}
    times = {"at": at(begin), "ready": begin, "begin": begin, "called": begin, "ran": end, "end": end}
    return AttemptSpan(stage=stage, **{**usual, **times, **fields})


def a_report(*spans: AttemptSpan, **fields: Any) -> JobReport:
    seconds = max((span.end for span in spans), default=0.0)
    usual: dict[str, Any] = {
        "job_id": "job-20260101-somebody-0001",
        "workflow": "copy",
        "state": "finished",
        "input": "/somewhere/movie.mp4",
        "created_at": "2026-01-01T00:00:00Z",
        "version": "0",
        "next": None,
        "seconds": seconds,
        "working_seconds": sum(span.seconds for span in spans),
        "most_at_once": 1,
        "runs": (RunSpan(1, at(0), 0.0, seconds, "finished"),),
        "stages": (),
        "attempts": spans,
    }
    return JobReport(**{**usual, **fields})
