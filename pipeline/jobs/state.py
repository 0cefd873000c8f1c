"""What a job's state is: a fold over its journal, never stored."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from pipeline.errors import UsageError


class Status(Enum):
    PREPARED = "prepared"  # no run has begun
    RUNNING = "running"  # a run began and hasn't ended; whether it is alive, only the job's lock tells
    INTERRUPTED = "interrupted"
    FAILED = "failed"
    FINISHED = "finished"


class StageStatus(Enum):
    WAITING = "waiting"
    RUNNING = "running"
    FAILED = "failed"
    FINISHED = "finished"


@dataclass(frozen=True)
class StageState:
    status: StageStatus = StageStatus.WAITING
    attempt: int = 0
    seconds: float | None = None
    reason: str | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class JobState:
    status: Status = Status.PREPARED
    job_digest: str = ""
    stages: Mapping[str, StageState] = field(default_factory=dict)
    delivered: tuple[str, ...] = ()  # names in the output folder

    def stage(self, name: str) -> StageState:
        return self.stages.get(name, StageState())


RUN_EVENTS = {
    "run_started": Status.RUNNING,
    "run_interrupted": Status.INTERRUPTED,
    "run_failed": Status.FAILED,
    "run_finished": Status.FINISHED,
}


def fold(events: Iterable[Mapping[str, Any]]) -> JobState:
    state = JobState()
    for event in events:
        state = apply(state, event)
    return state


def apply(state: JobState, event: Mapping[str, Any]) -> JobState:
    name = event["event"]
    if name == "job_prepared":
        return replace(state, job_digest=event["job_digest"])
    if name in RUN_EVENTS:
        delivered = tuple(event.get("delivered", state.delivered))
        return replace(state, status=RUN_EVENTS[name], delivered=delivered)
    stage = _stage_state(event)
    return replace(state, stages={**state.stages, event["stage"]: stage})


def _stage_state(event: Mapping[str, Any]) -> StageState:
    match event["event"]:
        case "stage_started":
            return StageState(StageStatus.RUNNING, event["attempt"])
        case "stage_finished":
            warnings = tuple(event.get("warnings", ()))
            return StageState(StageStatus.FINISHED, event["attempt"], event["seconds"], warnings=warnings)
        case "stage_failed":
            return StageState(StageStatus.FAILED, event["attempt"], event["seconds"], reason=event["reason"])
        case unknown:
            raise UsageError(f"the journal has an event '{unknown}', which this version doesn't know")
