"""A job as a trace that Perfetto and Chrome show: the JSON object of the Trace Event Format, with complete events."""

import heapq
from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.report.values import AttemptSpan, JobReport

MICROSECONDS = 1e6
Process = tuple[int, str]  # a run's number, and a node of it


def trace(report: JobReport) -> dict[str, Any]:
    """A process for each run, or for each node in it, and in it as many lanes as attempts ran at a time."""
    processes = _processes(report)
    events = [*_names(report, processes), *_attempts(report, processes)]
    return {"traceEvents": events, "displayTimeUnit": "ms", "otherData": {"job": report.job_id}}


def _processes(report: JobReport) -> dict[Process, int]:
    """Their numbers, those of runs before those of nodes."""
    found = [*((run.number, "") for run in report.runs), *((span.run, span.node) for span in report.attempts)]
    return {process: number for number, process in enumerate(dict.fromkeys(found), 1)}


def _names(report: JobReport, processes: Mapping[Process, int]) -> Iterator[dict[str, Any]]:
    began = {run.number: run.at for run in report.runs}
    for (run, node), number in processes.items():
        name = f"run {run}: {began.get(run, '')}{f', {node}' if node else ''}"
        yield {"ph": "M", "pid": number, "name": "process_name", "args": {"name": name}}


def _attempts(report: JobReport, processes: Mapping[Process, int]) -> Iterator[dict[str, Any]]:
    lanes = {number: _Lanes() for number in processes.values()}
    for span in report.attempts:
        process = processes[span.run, span.node]
        yield from _events(span, process, lanes[process].take(span.begin, span.end))


class _Lanes:
    """Of a process: the first one that is free gets what begins next."""

    def __init__(self) -> None:
        self._free: list[int] = []
        self._busy: list[tuple[float, int]] = []  # until when, and which lane
        self._count = 0

    def take(self, begin: float, end: float) -> int:
        while self._busy and self._busy[0][0] <= begin:
            heapq.heappush(self._free, heapq.heappop(self._busy)[1])
        if not self._free:
            self._count += 1
            self._free.append(self._count)
        lane = heapq.heappop(self._free)
        heapq.heappush(self._busy, (end, lane))
        return lane


def _events(span: AttemptSpan, process: int, lane: int) -> Iterator[dict[str, Any]]:
    """The attempt, and its phases inside it; what it waited for was before."""
    about = {
        "environment": span.environment,
        "node": span.node,
        "attempt": span.attempt,
        "state": span.state,
        "waited_seconds": round(span.begin - span.ready, 6),
        "reason": span.reason or span.because,
    }
    told = {name: value for name, value in about.items() if value != ""}
    yield _event(span.shown, "stage", span.begin, span.end, process, lane, told)
    for phase in span.phases:
        if phase.begin >= span.begin:
            yield _event(phase.kind, "phase", phase.begin, phase.end, process, lane, {})


def _event(  # noqa: PLR0913, PLR0917  # the format's fields
    name: str, category: str, begin: float, end: float, process: int, lane: int, about: dict[str, Any]
) -> dict[str, Any]:
    times = {"ts": round(begin * MICROSECONDS), "dur": round((end - begin) * MICROSECONDS)}
    return {"ph": "X", "name": name, "cat": category, "pid": process, "tid": lane, **times, "args": about}
