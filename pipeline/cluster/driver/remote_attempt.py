"""An attempt that a node has, as the run sees it."""

from pipeline.cluster.wire.attempt_order import AttemptOrder
from pipeline.cluster.wire.attempt_outcome import AttemptOutcome, Problem
from pipeline.executors import ProcessExit, Trouble
from pipeline.executors.base import TroubleKind
from pipeline.run.task import LiveAttempt
from pipeline.values import Struct

# What a node says of an attempt, as the run's failures know it. "time" comes after the run's own limit.
KINDS: dict[Problem, TroubleKind] = {
    "environment": "environment",
    "content": "content",
    "room": "room",
    "inputs": "inputs",
    "outputs": "outputs",
    "superseded": "lost",
    "time": "lost",
    "memory": "oom",
    "node": "fault",
}

CANCELLED = -15  # as a process that was asked to end


class RemoteAttempt(Struct, eq=False):
    live: LiveAttempt
    order: AttemptOrder
    node: str
    tries: int = 0  # how often the node was asked to begin it
    began: float | None = None  # by this machine's ``time.monotonic``
    is_cancelled: bool = False
    is_over: bool = False
    has_exited: bool = False  # the loop knows of its end

    @property
    def name(self) -> str:
        """Of its invocation."""
        return self.live.invocation.id

    def exit_of(self, outcome: AttemptOutcome) -> ProcessExit:
        """The end that the node tells of."""
        problem = outcome.problem
        if problem and problem != "cancelled":
            trouble = Trouble(KINDS[problem], outcome.words, self.node)
            return ProcessExit(self.name, outcome.returncode or 0, outcome.lost, outcome.used, self.began, trouble)
        code = outcome.returncode
        return ProcessExit(self.name, CANCELLED if code is None else code, outcome.lost, outcome.used, self.began)

    def cancelled(self) -> "AttemptOver":
        """It never began."""
        return AttemptOver(self, ProcessExit(self.name, CANCELLED))

    def exit_by(self, kind: TroubleKind, words: str) -> ProcessExit:
        """An end that the node doesn't tell of."""
        return ProcessExit(self.name, 0, began=self.began, trouble=Trouble(kind, words, self.node))

    def exit_here(self, reason: str) -> ProcessExit:
        """What the node made can't be written to this machine's disk."""
        words = f"what it made on node '{self.node}' can't be written to {self.live.attempt.outputs}: {reason}"
        return ProcessExit(self.name, 0, began=self.began, trouble=Trouble("disk", words))


class AttemptOver(Struct, frozen=True):
    """It has ended, and what it left is here."""

    attempt: RemoteAttempt
    exited: ProcessExit
    outcome: AttemptOutcome | None = None
