"""What a job's state is: a fold over its journal, never stored."""

from collections.abc import Iterable, Mapping
from enum import Enum

from pipeline.jobs.events import (
    AnyEvent,
    AttemptFailed,
    EditDropped,
    JobPrepared,
    JobReplanned,
    OutputEdited,
    RunCancelled,
    RunEnded,
    RunEvent,
    RunFailed,
    RunFinished,
    RunInterrupted,
    RunStarted,
    ServiceEvent,
    StageEvent,
    StageExpanded,
    StageFinished,
    StageSkipped,
    StageStarted,
)
from pipeline.values import Struct, field, replace


class Status(Enum):
    PREPARED = "prepared"  # no run of this plan has begun
    RUNNING = "running"  # a run began and hasn't ended; whether it is alive, only the job's lock tells
    INTERRUPTED = "interrupted"
    CANCELLED = "cancelled"
    FAILED = "failed"
    PARTIAL = "partial"  # the last run was asked for a part of the stages, and did it
    FINISHED = "finished"
    EDITED = "edited"  # it was finished, and an output was edited since: what depends on that is left to run


class StageStatus(Enum):
    WAITING = "waiting"
    RUNNING = "running"
    FAILED = "failed"
    SKIPPED = "skipped"  # a stage that it needs failed
    FINISHED = "finished"


class StageState(Struct, frozen=True):
    """What the journal says of a stage."""

    status: StageStatus = StageStatus.WAITING
    attempt: int = 0
    seconds: float | None = None
    reason: str | None = None
    warnings: tuple[str, ...] = ()
    committed: StageFinished | None = None  # the last one, whatever came after it
    node: str = ""  # of a cluster, that ran the attempt
    kind: str | None = None  # the class of the failure
    members: int | None = None  # of a fan-out whose list is known


class JobState(Struct, frozen=True):
    """What the journal says of a job."""

    status: Status = Status.PREPARED
    job_digest: str = ""
    stages: Mapping[str, StageState] = field(default_factory=dict)
    delivered: tuple[str, ...] = ()  # names in the output folder
    edits: Mapping[str, OutputEdited] = field(default_factory=dict)  # by stage; those that weren't dropped

    def stage(self, name: str) -> StageState:
        return self.stages.get(name, WAITING)


WAITING = StageState()
RUN_STATUS: dict[type[RunEvent], Status] = {
    RunStarted: Status.RUNNING,
    RunInterrupted: Status.INTERRUPTED,
    RunCancelled: Status.CANCELLED,
    RunFailed: Status.FAILED,
    RunEnded: Status.PARTIAL,
    RunFinished: Status.FINISHED,
}


def fold(events: Iterable[AnyEvent]) -> JobState:
    status, digest = Status.PREPARED, ""
    delivered: tuple[str, ...] = ()
    stages: dict[str, StageState] = {}
    edits: dict[str, OutputEdited] = {}
    for event in events:
        if isinstance(event, StageEvent):
            stages[event.stage] = after(stages.get(event.stage, WAITING), event)
            continue
        if isinstance(event, ServiceEvent):
            continue
        status = status_after(status, event)
        if isinstance(event, JobPrepared | JobReplanned):
            digest = event.job_digest
        elif isinstance(event, OutputEdited | EditDropped):
            _take_edit(edits, event)
        elif isinstance(event, RunFinished):
            delivered = event.delivered
    return JobState(status, digest, stages, delivered, edits)


def status_after(before: Status, event: AnyEvent) -> Status:
    """A job's status after an event that isn't of a stage's run."""
    if isinstance(event, JobPrepared | JobReplanned):
        return Status.PREPARED
    if isinstance(event, ServiceEvent):
        return before
    if isinstance(event, OutputEdited | EditDropped):
        return Status.EDITED if before is Status.FINISHED else before
    assert isinstance(event, RunEvent)
    return RUN_STATUS[type(event)]


def _take_edit(edits: dict[str, OutputEdited], event: OutputEdited | EditDropped) -> None:
    """Later ones stand for all that came before."""
    edits.pop(event.stage, None)
    if isinstance(event, OutputEdited):
        edits[event.stage] = event


def after(before: StageState, event: StageEvent) -> StageState:
    """A stage's state after an event of its own."""
    if isinstance(event, StageFinished):
        return StageState(
            StageStatus.FINISHED,
            event.attempt,
            event.seconds,
            warnings=event.warnings,
            committed=event,
            members=before.members,
            node=_node(before, event),
        )
    if isinstance(event, StageStarted):
        return StageState(StageStatus.RUNNING, event.attempt, committed=before.committed, node=event.node)
    if isinstance(event, AttemptFailed):
        return StageState(
            StageStatus.FAILED,
            event.attempt,
            event.seconds,
            event.reason,
            committed=before.committed,
            node=_node(before, event),
            kind=event.kind,
        )
    if isinstance(event, StageSkipped):
        reason = f"stage '{event.because}' failed"
        return replace(before, status=StageStatus.SKIPPED, seconds=None, reason=reason, node="", kind=None)
    assert isinstance(event, StageExpanded)
    return StageState(members=event.members)


def _node(before: StageState, event: StageFinished | AttemptFailed) -> str:
    """Where the attempt had begun; a result that was taken had no beginning."""
    return before.node if before.attempt == event.attempt else ""
