"""The ways in which a stage can fail, and what each means for who runs it."""

from dataclasses import dataclass
from enum import Enum

FREE_ATTEMPTS = 2  # more attempts that a stage gets where it wasn't at fault; a machine that keeps failing is told


class Retry(Enum):
    NEVER = "never"  # the same thing would happen again
    ELSEWHERE = "elsewhere"  # at once on another node: the one where it failed doesn't get such a stage again
    BUDGET = "budget"  # as often as the stage's own ``retries`` say
    ONCE = "once"  # one more time, without using up the stage's retries
    FREE = "free"  # up to ``FREE_ATTEMPTS`` times, without using up the stage's retries


class FailureClass(Enum):
    STAGE_ERROR = "stage error"  # the stage's code raised, refused or left with an exit code
    ENVIRONMENT_SUSPECTED = "environment suspected"  # provisional: a deep check decides what it was
    ENVIRONMENT_DAMAGED = "environment damaged"  # the interpreter or a package isn't what was installed
    OUT_OF_MEMORY = "out of memory"  # killed by the kernel for it, or an allocation was refused
    TIMEOUT = "timeout"  # ended by us at its own limit
    KILLED = "killed by a signal"  # by somebody else, or by a fault of its own such as SIGSEGV
    DISK_FULL = "disk full"  # no room, or no quota
    POSTCONDITION = "post-condition failed"  # it said success, and what it left isn't what it promises
    WORKER_LOST = "worker lost"  # the process that ran it is gone, through no fault of the stage
    SERVICE_LOST = "service lost"  # a service that it used died
    SERVICE_FAILED = "service not ready"  # a service that it needs couldn't be started
    NOT_STARTED = "couldn't be started"  # the machine gave no process
    NODE_LOST = "node lost"  # it can't be reached any more
    NODE_WALLTIME = "walltime over"  # the batch system ended the node's job
    NODE_MEMORY = "node out of memory"  # likewise
    NODE_PREEMPTED = "node pre-empted"  # likewise, for another job
    NODE_CANCELLED = "node cancelled"  # somebody ended the node's job
    NODE_FAULT = "node at fault"
    NODE_FULL = "node's disk full"
    NODE_ENVIRONMENT = "not on this node"  # it can't have the environment; another node may
    NO_NODE = "on no node"  # none can run it
    INPUT_CHANGED = "input changed"  # what it was to read isn't what it was when it began
    INPUT_UNUSABLE = "input unusable"  # the stage's verdict on the job's input

    @property
    def rule(self) -> "Rule":
        return RULES[self]


@dataclass(frozen=True)
class Rule:
    """``means`` and ``next_step`` have fields: job, stage, environment, folder (of the job), file (the stage's), and
    again, the command that prepares the job once more."""

    retry: Retry
    means: str
    next_step: str


MEND = "mend {file}, and then\nrun-pipeline -j {job}"
AGAIN = "run-pipeline -j {job}   tries again, after what is done already"

RULES = {
    FailureClass.STAGE_ERROR: Rule(Retry.BUDGET, "", AGAIN),
    FailureClass.ENVIRONMENT_SUSPECTED: Rule(
        Retry.BUDGET,
        "environment '{environment}' may be damaged",
        "bootstrap --env {environment} --force",
    ),
    FailureClass.ENVIRONMENT_DAMAGED: Rule(
        Retry.FREE,
        "environment '{environment}' isn't what was installed",
        "bootstrap --env {environment} --force",
    ),
    FailureClass.OUT_OF_MEMORY: Rule(
        Retry.BUDGET,
        "there was too little memory for it; give it less to do, or write into {file} how much it needs"
        " (memory in [tool.pipeline.stage.resources])",
        "run-pipeline -j {job} --max-parallel 1   runs no other stage at the same time",
    ),
    FailureClass.TIMEOUT: Rule(
        Retry.BUDGET,
        "it was ended, and all that it had started; its limit is timeout_seconds in {file}",
        AGAIN,
    ),
    FailureClass.KILLED: Rule(Retry.BUDGET, "", AGAIN),
    FailureClass.DISK_FULL: Rule(
        Retry.NEVER,
        "the disk or the quota that it writes to is full",
        "make room; this shows how much there is\ndf -h {folder}\nand then go on with\nrun-pipeline -j {job}",
    ),
    FailureClass.POSTCONDITION: Rule(
        Retry.BUDGET,
        "its outputs aren't what {file} promises (ensure), so they aren't used",
        MEND,
    ),
    FailureClass.WORKER_LOST: Rule(Retry.FREE, "the stage itself did nothing wrong", AGAIN),
    FailureClass.SERVICE_LOST: Rule(
        Retry.ONCE,
        "the stage itself did nothing wrong: its service died while it ran",
        AGAIN,
    ),
    FailureClass.SERVICE_FAILED: Rule(
        Retry.NEVER,
        "the stage wasn't started, since it needs this service",
        AGAIN,
    ),
    FailureClass.NOT_STARTED: Rule(Retry.FREE, "the machine gave no process for it", AGAIN),
    FailureClass.NODE_LOST: Rule(Retry.FREE, "the stage itself did nothing wrong: its node is gone", AGAIN),
    FailureClass.NODE_WALLTIME: Rule(
        Retry.FREE,
        "its node's time was over; expected_seconds in {file} keeps a stage from nodes where it doesn't fit",
        AGAIN,
    ),
    FailureClass.NODE_MEMORY: Rule(
        Retry.BUDGET,
        "the batch system ended its node for memory; write into {file} how much it needs"
        " (memory in [tool.pipeline.stage.resources])",
        AGAIN,
    ),
    FailureClass.NODE_PREEMPTED: Rule(Retry.FREE, "its node was taken for another job", AGAIN),
    FailureClass.NODE_CANCELLED: Rule(Retry.FREE, "the batch job of its node was ended by somebody", AGAIN),
    FailureClass.NODE_FAULT: Rule(Retry.FREE, "the stage itself did nothing wrong: its node did", AGAIN),
    FailureClass.NODE_FULL: Rule(Retry.FREE, "make room on the node's disk, or let it run on others", AGAIN),
    FailureClass.NODE_ENVIRONMENT: Rule(Retry.ELSEWHERE, "it goes to another node", AGAIN),
    FailureClass.NO_NODE: Rule(Retry.NEVER, "", AGAIN),
    FailureClass.INPUT_CHANGED: Rule(
        Retry.NEVER,
        "a stage must not change its inputs; if a program does that, let {file} give it a copy in stage.work",
        MEND,
    ),
    FailureClass.INPUT_UNUSABLE: Rule(
        Retry.NEVER, "", "replace the input by a file that can be used, and then\n{again}"
    ),
}
