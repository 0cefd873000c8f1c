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
    CANCELLED = "cancelled"
    FAILED = "failed"
    PARTIAL = "partial"  # the last run was asked for a part of the stages, and did it
    FINISHED = "finished"


class StageStatus(Enum):
    WAITING = "waiting"
    RUNNING = "running"
    FAILED = "failed"
    SKIPPED = "skipped"  # a stage that it needs failed
    FINISHED = "finished"


@dataclass(frozen=True)
class StageState:
    """What the journal says of a stage."""

    status: StageStatus = StageStatus.WAITING
    attempt: int = 0
    seconds: float | None = None
    reason: str | None = None
    warnings: tuple[str, ...] = ()
    committed: Mapping[str, Any] | None = None  # the last stage_finished event, whatever came after it
    members: int | None = None  # of a fan-out whose list is known


@dataclass(frozen=True)
class JobState:
    """What the journal says of a job."""

    status: Status = Status.PREPARED
    job_digest: str = ""
    stages: Mapping[str, StageState] = field(default_factory=dict)
    delivered: tuple[str, ...] = ()  # names in the output folder

    def stage(self, name: str) -> StageState:
        return self.stages.get(name, WAITING)


WAITING = StageState()
RUN_EVENTS = {
    "run_started": Status.RUNNING,
    "run_interrupted": Status.INTERRUPTED,
    "run_cancelled": Status.CANCELLED,
    "run_failed": Status.FAILED,
    "run_ended": Status.PARTIAL,
    "run_finished": Status.FINISHED,
}


def fold(events: Iterable[Mapping[str, Any]]) -> JobState:
    status, digest, delivered = Status.PREPARED, "", ()
    stages: dict[str, StageState] = {}
    for event in events:
        name = event["event"]
        if name == "job_prepared":
            digest = event["job_digest"]
        elif name in RUN_EVENTS:
            status, delivered = RUN_EVENTS[name], tuple(event.get("delivered", delivered))
        elif "stage" in event:
            stages[event["stage"]] = _after(stages.get(event["stage"], WAITING), event)
        else:
            raise _unknown(name)
    return JobState(status, digest, stages, delivered)


def _after(before: StageState, event: Mapping[str, Any]) -> StageState:
    """A stage's state after an event of its own."""
    match event["event"]:
        case "stage_started":
            return StageState(StageStatus.RUNNING, event["attempt"], committed=before.committed)
        case "stage_finished":
            return StageState(
                StageStatus.FINISHED,
                event["attempt"],
                event["seconds"],
                warnings=tuple(event.get("warnings", ())),
                committed=event,
                members=before.members,
            )
        case "stage_failed":
            return StageState(
                StageStatus.FAILED, event["attempt"], event["seconds"], event["reason"], committed=before.committed
            )
        case "stage_skipped":
            reason = f"stage '{event['because']}' failed"
            return replace(before, status=StageStatus.SKIPPED, seconds=None, reason=reason)
        case "stage_expanded":
            return StageState(members=event["members"])
        case unknown:
            raise _unknown(unknown)


def _unknown(event: str) -> UsageError:
    return UsageError(f"the journal has an event '{event}', which this version doesn't know")
