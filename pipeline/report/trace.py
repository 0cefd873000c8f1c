"""A job as a trace that Perfetto and Chrome show: the JSON object of the Trace Event Format, with complete events."""

import heapq
from collections.abc import Iterator
from typing import Any

from pipeline.report.values import AttemptSpan, JobReport

MICROSECONDS = 1e6


def trace(report: JobReport) -> dict[str, Any]:
    """A process for each run, and in it as many lanes as attempts ran at a time."""
    events = [*_names(report), *_attempts(report)]
    return {"traceEvents": events, "displayTimeUnit": "ms", "otherData": {"job": report.job_id}}


def _names(report: JobReport) -> Iterator[dict[str, Any]]:
    for run in report.runs:
        yield {"ph": "M", "pid": run.number, "name": "process_name", "args": {"name": f"run {run.number}: {run.at}"}}


def _attempts(report: JobReport) -> Iterator[dict[str, Any]]:
    free: list[int] = []  # lanes
    busy: list[tuple[float, int]] = []  # until when, and which lane
    lanes = 0
    for span in report.attempts:
        while busy and busy[0][0] <= span.begin:
            heapq.heappush(free, heapq.heappop(busy)[1])
        if not free:
            lanes += 1
            free.append(lanes)
        lane = heapq.heappop(free)
        heapq.heappush(busy, (span.end, lane))
        yield from _events(span, lane)


def _events(span: AttemptSpan, lane: int) -> Iterator[dict[str, Any]]:
    """The attempt, and its phases inside it; what it waited for was before."""
    about = {
        "environment": span.environment,
        "attempt": span.attempt,
        "state": span.state,
        "waited_seconds": round(span.begin - span.ready, 6),
        "reason": span.reason or span.because,
    }
    yield _event(span.shown, "stage", span.begin, span.end, span.run, lane, {k: v for k, v in about.items() if v != ""})
    for phase in span.phases:
        if phase.begin >= span.begin:
            yield _event(phase.kind, "phase", phase.begin, phase.end, span.run, lane, {})


def _event(  # noqa: PLR0913, PLR0917  # the format's fields
    name: str, category: str, begin: float, end: float, run: int, lane: int, about: dict[str, Any]
) -> dict[str, Any]:
    times = {"ts": round(begin * MICROSECONDS), "dur": round((end - begin) * MICROSECONDS)}
    return {"ph": "X", "name": name, "cat": category, "pid": run, "tid": lane, **times, "args": about}
