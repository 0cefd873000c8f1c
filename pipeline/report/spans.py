"""From a journal to runs and attempts with their times (pure)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pipeline.jobs.events import (
    AnyEvent,
    AttemptFailed,
    RunEvent,
    RunStarted,
    StageExpanded,
    StageFinished,
    StageStarted,
)
from pipeline.jobs.plan import PlannedStage
from pipeline.jobs.state import RUN_STATUS
from pipeline.report.values import FAILED, FINISHED, KILLED, REUSED, RUNNING, STOPPED, AttemptSpan, RunSpan
from pipeline.values import Struct

CHECK_SECONDS = 0.1  # from which on it is shown; a journal's line is written some milliseconds after an attempt's end


class Spans(Struct, frozen=True):
    runs: tuple[RunSpan, ...]
    attempts: tuple[AttemptSpan, ...]  # in the order of their start


def spans(stages: Sequence[PlannedStage], events: Iterable[AnyEvent], shown: Mapping[str, str], alive: bool) -> Spans:
    """The runs of a job and the attempts in them.

    ``shown``: what people call a fan-out's member. ``alive``: whether a process works on it at this moment; where none
    does, an attempt without an end was killed.
    """
    reading = _JournalReader(stages, shown)
    for event in events:
        reading.take(event)
    reading.close(RUNNING if alive else KILLED)
    return Spans(tuple(reading.runs), tuple(sorted(reading.attempts, key=lambda each: (each.begin, each.ready))))


class _JournalReader:
    """The journal up to the event that was taken last."""

    def __init__(self, stages: Sequence[PlannedStage], shown: Mapping[str, str]) -> None:
        self.runs: list[RunSpan] = []
        self.attempts: list[AttemptSpan] = []
        self._planned = {stage.name: stage for stage in stages}
        self._shown = shown
        self._members: dict[str, str] = {}  # to the fan-out's name
        self._over: dict[str, float] = {}  # when a stage's result was there
        self._free: dict[str, float] = {}  # when a stage's last attempt, or its list, left it ready again
        self._open: dict[str, tuple[StageStarted, float]] = {}
        self._origin: float | None = None  # seconds since the epoch, of the run's start less its place on the axis
        self._last = 0.0

    def take(self, event: AnyEvent) -> None:
        if isinstance(event, RunStarted):
            self._begin_run(event)
        if self._origin is None:
            return  # before the first run
        at = self._place(event.at)
        if isinstance(event, StageStarted):
            self._open[event.stage] = (event, at)
        elif isinstance(event, StageExpanded):
            self._free[event.stage] = at
        elif isinstance(event, StageFinished):
            self._finished(event, at)
        elif isinstance(event, AttemptFailed):
            self._failed(event, at)
        elif isinstance(event, RunEvent) and not isinstance(event, RunStarted):
            self._end_run(RUN_STATUS[type(event)].value)

    def close(self, state: str) -> None:
        """The journal is at its end; what is open is in this state."""
        for stage in list(self._open):
            started, begin = self._open.pop(stage)
            self._add(stage, started, begin, self._last, self._last, started.attempt, state)
        if self._origin is not None:
            self._end_run(state)

    def _begin_run(self, event: RunStarted) -> None:
        if self._origin is not None:
            self.close(KILLED)
        self._origin = _seconds(event.at) - self._last
        self.runs.append(RunSpan(len(self.runs) + 1, event.at, self._last, self._last, RUNNING))
        self._free = {}

    def _end_run(self, state: str) -> None:
        run = self.runs[-1]
        self.runs[-1] = RunSpan(run.number, run.at, run.begin, self._last, state)
        if state != RUNNING:
            self._origin = None

    def _place(self, at: str) -> float:
        """On the axis. A clock that was set back doesn't turn time."""
        assert self._origin is not None
        self._last = max(self._last, _seconds(at) - self._origin)
        return self._last

    def _finished(self, event: StageFinished, at: float) -> None:
        found = self._open.pop(event.stage, None)
        self._over[event.stage] = self._over[self._of(event.stage)] = at
        if found is None:  # nothing ran for it
            self._add(event.stage, None, at, at, at, event.attempt, REUSED, taken=event.taken, warnings=event.warnings)
            return
        started, begin = found
        ran = min(begin + event.seconds, at)
        self._add(
            event.stage, started, begin, ran, at, event.attempt, FINISHED, warnings=event.warnings, **_measured(event)
        )

    def _failed(self, event: AttemptFailed, at: float) -> None:
        self._free[event.stage] = at
        started, begin = self._open.pop(event.stage, (None, max(0.0, at - event.seconds)))
        state = FAILED if event.kind else STOPPED
        details: dict[str, Any] = {"reason": event.reason, "kind": event.kind, "exit_code": event.exit_code}
        ran = begin + event.seconds
        ran = ran if at - ran >= CHECK_SECONDS else at
        self._add(event.stage, started, begin, ran, at, event.attempt, state, **details, **_measured(event))

    def _add(  # noqa: PLR0913, PLR0917  # an attempt's times
        self,
        stage: str,
        started: StageStarted | None,
        begin: float,
        ran: float,
        end: float,
        attempt: int,
        state: str,
        start_seconds: float | None = None,
        **details: object,
    ) -> None:
        planned = self._planned.get(self._of(stage))
        span = AttemptSpan(
            stage=stage,
            shown=self._shown.get(stage, stage),
            planned=planned.name if planned else stage,
            title=planned.title if planned and planned.name == stage else "",
            environment=planned.environment if planned else "",
            attempt=attempt,
            run=len(self.runs),
            state=state,
            at=started.at if started else "",
            ready=min(begin, self._ready(stage, planned)),
            begin=begin,
            called=min(begin + (start_seconds or 0.0), ran),
            ran=ran,
            end=end,
            because=started.because if started else "",
            way=started.way if started else None,
            node=started.node if started else "",
            **details,  # type: ignore[arg-type]  # each is a field, with its type, where this is called
        )
        self.attempts.append(span)

    def _ready(self, stage: str, planned: PlannedStage | None) -> float:
        """When all was there that the stage needed, or its last attempt was over."""
        needs = planned.needs if planned else ()
        times = [self._over.get(need, 0.0) for need in needs]
        own = [self._free.get(each, 0.0) for each in (stage, self._of(stage))]
        return max(self.runs[-1].begin, *times, *own)

    def _of(self, stage: str) -> str:
        """The stage of the plan that a member belongs to; the stage itself where it is one."""
        if stage in self._planned:
            return stage
        if stage not in self._members:
            self._members[stage] = stage.rpartition("_")[0]
        return self._members[stage]


def _measured(event: StageFinished | AttemptFailed) -> dict[str, Any]:
    return {"start_seconds": event.start_seconds, "cpu_seconds": event.cpu_seconds, "memory": event.memory}


def _seconds(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()
