"""The value that all forms of a report are made from.

Times are seconds on the axis of the job: it begins with the first run and leaves out what lies between two, so that
a job that was continued the next day can be looked at.
"""

from typing import Any

from pipeline.jobs.service_uses import ServiceUse
from pipeline.values import Struct, field

FINISHED, FAILED, STOPPED, KILLED, RUNNING = "finished", "failed", "stopped", "killed", "running"
REUSED = "reused"  # another job's result, or an earlier one of this job, was taken


class RunSpan(Struct, frozen=True):
    """One run of the job: from a process that began to work on it to its last word."""

    number: int  # from 1
    at: str  # when it began, in UTC
    begin: float
    end: float
    state: str  # how it ended, a word of ``jobs.state.Status``, or ``killed``


class Phase(Struct, frozen=True):
    """A part of an attempt's time."""

    kind: str  # one of PHASES
    begin: float
    end: float


WAITED, START, RAN, COMMITTED, CHECKED = "waited", "start", "ran", "committed", "checked"
PHASES = {
    WAITED: "It was ready, and waited for its turn: for a free CPU, memory, a card, a service or its next attempt.",
    START: "Its process was started, and its modules were imported.",
    RAN: "Its function ran.",
    COMMITTED: "Its outputs were checked and put on the disk.",
    CHECKED: "It had failed: its environment was checked, and repaired where it was damaged.",
}


class AttemptSpan(Struct, frozen=True, kw_only=True):
    """One attempt at a stage, or one result that was taken from elsewhere."""

    stage: str  # its name in the journal
    shown: str  # as people call it: ``square[7]`` for the member of a fan-out
    planned: str  # the stage of the plan that it belongs to
    title: str = ""  # what the stage does, in a person's words; empty for the member of a fan-out over a list
    environment: str
    attempt: int
    run: int  # the number of the run
    state: str
    at: str  # when it started, in UTC
    ready: float  # when all was there that it needed
    begin: float  # when it was handed over
    called: float  # when its function was called; as ``begin`` where that isn't known
    ran: float  # when its code had ended
    end: float  # when its result was on the disk, or why it has none was known
    because: str = ""  # why it ran although there was a result before
    reason: str = ""  # why it has no result
    kind: str | None = None  # the class of its failure
    exit_code: int | None = None
    taken: str | None = None  # the job that had made its result
    way: str | None = None  # cold or worker; None where that isn't known
    node: str = ""  # of a cluster, that ran it; empty where that was this machine
    cpu_seconds: float | None = None
    memory: int | None = None  # bytes, the most that it had at a time
    warnings: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        return self.end - self.begin

    @property
    def phases(self) -> tuple[Phase, ...]:
        """In order; those that took no time are left out."""
        points = (self.ready, self.begin, self.called, self.ran, self.end)
        kinds = (WAITED, START, RAN, COMMITTED if self.state == FINISHED else CHECKED)
        spans = zip(kinds, points, points[1:], strict=False)
        return tuple(Phase(kind, begin, end) for kind, begin, end in spans if end > begin)


class StageTotals(Struct, frozen=True, kw_only=True):
    """All attempts at a stage of the plan together; of a fan-out, those of its members."""

    stage: str
    uses: str  # the stage's file is stages/USES.py
    environment: str
    state: str
    finished: int
    reused: int
    failed: int  # attempts, also those of stages that have a result by now
    seconds: float  # of all attempts
    longest: float
    longest_wait: float
    cpu_seconds: float | None
    memory: int | None  # bytes
    asked_cpus: float | str  # "all" of the machine's
    asked_memory: int | None  # bytes; None where the stage doesn't say
    asked_gpus: int


class NodeTotals(Struct, frozen=True, kw_only=True):
    """All attempts on a node of a cluster together."""

    node: str
    finished: int
    failed: int
    seconds: float  # of all attempts
    most_at_once: int
    kinds: tuple[str, ...]  # the classes of its failures


class ReportedEnvironment(Struct, frozen=True, kw_only=True):
    """An environment of the job, as its plan has it and as it is now."""

    name: str
    key: str
    lock: str | None
    source: str
    warning: str | None
    health: str  # now, when the report is made
    repairs: tuple[str, ...] = ()  # what attempts told of


class ReportedFailure(Struct, frozen=True, kw_only=True):
    """A stage that has no result, as it was left."""

    stage: str
    kind: str | None
    reason: str
    log: str  # its path
    last_lines: tuple[str, ...]


class ReportedReason(Struct, frozen=True):
    """Why stages ran or were reused; those of which the same is to be said stand together."""

    stages: tuple[str, ...]
    count: int
    what: str
    because: str
    changes: tuple[str, ...]


class ReportedFile(Struct, frozen=True):
    """A deliverable."""

    name: str
    path: str
    size: int | None  # bytes; None where it isn't there any more
    digest: str | None
    notes: tuple[str, ...]


class ReportedDifference(Struct, frozen=True):
    """What isn't the same in the job that this one is compared with."""

    kind: str  # input, parameter, model, package, lock, environment, stage, edit or output
    name: str
    here: str | None
    there: str | None


class JobComparison(Struct, frozen=True):
    """This job against another one."""

    other: str  # its id
    causes: tuple[ReportedDifference, ...]
    outputs: tuple[ReportedDifference, ...]


class JobReport(Struct, frozen=True, kw_only=True):
    """All that a report has."""

    schema: int = 1
    job_id: str
    workflow: str
    state: str
    input: str
    created_at: str
    version: str  # of the tool that made the report
    next: str | None  # the command that goes on from here
    seconds: float  # of all runs
    working_seconds: float  # of all attempts
    most_at_once: int
    runs: tuple[RunSpan, ...]
    stages: tuple[StageTotals, ...]
    nodes: tuple[NodeTotals, ...] = ()  # of a cluster; none where all ran on one machine
    attempts: tuple[AttemptSpan, ...]  # in the order of their start
    left_out: int = 0  # attempts that aren't listed, since there are too many
    edges: tuple[tuple[str, str], ...] = ()  # between stages of the plan: from, to
    services: tuple[ServiceUse, ...] = ()
    environments: tuple[ReportedEnvironment, ...] = ()
    models: dict[str, str] = field(default_factory=dict)  # to their digests
    parameters: dict[str, Any] = field(default_factory=dict)
    decisions: tuple[str, ...] = ()  # about environments, engines and the model, in lines
    notes: tuple[str, ...] = ()
    reasons: tuple[ReportedReason, ...] = ()
    failures: tuple[ReportedFailure, ...] = ()
    files: tuple[ReportedFile, ...] = ()
    comparison: JobComparison | None = None
