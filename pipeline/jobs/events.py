"""What can happen to a job, as its journal has it; in the order in which a job can meet these events."""

import time
from typing import Any

from pipeline.jobs.records import OutputRecord
from pipeline.values import Struct, field


def timestamp() -> str:
    """Now, in UTC, with milliseconds."""
    seconds = time.time()
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds % 1 * 1000):03d}Z"


class Event(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True, tag_field="event"):
    """A line of a journal. ``crc`` is its checksum, which the journal adds."""

    at: str = field(default_factory=timestamp)
    crc: int = 0


class JobPrepared(Event, frozen=True, tag="job_prepared"):
    """The plan was frozen."""

    job_digest: str  # SHA-256 of job.json


class JobReplanned(Event, frozen=True, tag="job_replanned"):
    """Another plan took the place of the one before: more was asked for, or what the job needs has changed."""

    job_digest: str  # SHA-256 of the new job.json


class RunEvent(Event, frozen=True):
    """About a run of the whole job."""


class RunStarted(RunEvent, frozen=True, tag="run_started"):
    """A process began to work on the job."""

    warnings: dict[str, str] = field(default_factory=dict)  # environment to why its results aren't shared


class StageEvent(Event, frozen=True):
    """About one stage."""

    stage: str


class StageStarted(StageEvent, frozen=True, tag="stage_started"):
    """An attempt was handed to an executor. The store of results doesn't evict its key while the job runs."""

    attempt: int
    key: str
    because: str = ""
    way: str = "cold"  # how it was started
    node: str = ""  # of a cluster that runs it


class StageExpanded(StageEvent, frozen=True, tag="stage_expanded"):
    """A fan-out's list is known; the stage stands for so many members."""

    members: int


class StageFinished(StageEvent, frozen=True, tag="stage_finished"):
    """An attempt was committed, with its outputs."""

    attempt: int
    key: str
    seconds: float
    outputs: dict[str, OutputRecord]
    warnings: tuple[str, ...] = ()
    about: dict[str, Any] = field(default_factory=dict)
    adopted: bool = False  # an earlier run had done it, and died before this line
    taken: str | None = None  # the job that had made the same result, where the store of results had it
    cpu_seconds: float | None = None  # of a process that ran nothing else
    memory: int | None = None  # bytes that it had at most at a time
    start_seconds: float | None = None  # until the stage's function was called


class AttemptFailed(StageEvent, frozen=True, tag="stage_failed"):
    """An attempt ended without a result."""

    attempt: int
    seconds: float
    reason: str
    kind: str | None = None  # the class of the failure
    exit_code: int | None = None
    again: float | None = None  # seconds until the next attempt in this run
    cpu_seconds: float | None = None
    memory: int | None = None
    start_seconds: float | None = None


class StageSkipped(StageEvent, frozen=True, tag="stage_skipped"):
    """It can't run, since another stage failed."""

    because: str


class ServiceEvent(Event, frozen=True):
    """About a service that stages of the job use, by its name in the plan. No part of the job's state."""

    service: str


class ServiceStarted(ServiceEvent, frozen=True, tag="service_started"):
    """A stage needs it; the run holds it from now on."""

    key: str
    shared: bool = False  # somebody else had started it


class ServiceReady(ServiceEvent, frozen=True, tag="service_ready"):
    """Its stages can start."""

    seconds: float  # since it was asked for, or was lost


class ServiceEnded(ServiceEvent, frozen=True, tag="service_ended"):
    """The job doesn't need it any more; or with a reason: it died, or couldn't be started."""

    reason: str = ""
    kind: str | None = None  # the class of its failure
    log_lines: tuple[str, ...] = ()  # the last ones, where it failed: its log goes with it


class EditedOutput(Struct, frozen=True, forbid_unknown_fields=True):
    """An output as a person has left it; its file is named from ``edits/STAGE`` of the job's folder."""

    base: str  # the digest of the stage's own output, which the edit was made from
    record: OutputRecord


class OutputEdited(Event, frozen=True, tag="output_edited"):
    """A person's files stand in the place of a stage's outputs; all edits of the stage that count from now on."""

    stage: str
    outputs: dict[str, EditedOutput]
    who: str
    source: str = ""  # the path of the person's file, where it was taken from one
    earlier: tuple[str, ...] = ()  # who else has edited them before, of whose changes it has some
    source_digest: str = ""  # of the person's file, as it was taken


class EditDropped(Event, frozen=True, tag="edit_dropped"):
    """The stage's own outputs count again."""

    stage: str
    who: str


class RunInterrupted(RunEvent, frozen=True, tag="run_interrupted"):
    """The run was asked to stop, and stopped its stages; or to start nothing after another job's failure."""

    by: str


class RunCancelled(RunEvent, frozen=True, tag="run_cancelled"):
    """The job was given up by ``pipeline job cancel``."""


class RunFailed(RunEvent, frozen=True, tag="run_failed"):
    """The run ended without a result."""

    reason: str


class RunEnded(RunEvent, frozen=True, tag="run_ended"):
    """The run did the part of the job that it was asked for."""


class RunFinished(RunEvent, frozen=True, tag="run_finished"):
    """Every stage is done, and what ``delivered`` names stands in the output folder."""

    delivered: tuple[str, ...]


AnyEvent = (
    JobPrepared
    | JobReplanned
    | RunStarted
    | StageStarted
    | StageExpanded
    | StageFinished
    | AttemptFailed
    | StageSkipped
    | ServiceStarted
    | ServiceReady
    | ServiceEnded
    | OutputEdited
    | EditDropped
    | RunInterrupted
    | RunCancelled
    | RunFailed
    | RunEnded
    | RunFinished
)
