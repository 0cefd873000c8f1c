"""What comes back of an attempt: how its process ended, what it left, and what the node has to say. Pure."""

from typing import Literal

from pipeline.child_process import ResourceUse
from pipeline.cluster.wire.attempt_order import AttemptId
from pipeline.cluster.wire.ordered_items import OrderedItem, contents
from pipeline.values import Struct, field

# Why there is no result although the stage may be right: "environment" couldn't be made on this node, "content" was
# damaged or went away, "room" was lacking on its disk, "inputs" were changed by the stage, "outputs" aren't there,
# "cancelled" by the run, "superseded" by a later attempt, "time" was over, "memory": it was
# killed for it, "node": a fault of the node itself.
Problem = Literal[
    "", "environment", "content", "room", "inputs", "outputs", "cancelled", "superseded", "time", "memory", "node"
]


class AttemptOutcome(Struct, frozen=True, kw_only=True):
    """How an attempt ended."""

    schema: int = 1
    id: AttemptId
    node: str
    problem: Problem = ""
    words: str = ""  # of the problem, for a person
    returncode: int | None = None  # None where no process was started
    lost: str | None = None  # why the worker that ran it is gone
    used: ResourceUse | None = None
    seconds: float = 0.0  # that the stage's process took
    outputs: dict[str, OrderedItem] = field(default_factory=dict)  # of one that ended well
    place: str = ""  # the attempt's folder there, and
    source: str = ""  # that of its stage's files: a traceback may name both
    missing: tuple[str, ...] = ()  # contents that none of their sources gave: the run must send them

    @property
    def is_success(self) -> bool:
        return not self.problem and self.returncode == 0

    def contents(self) -> dict[str, int]:
        """The digests of all that it made, with their sizes."""
        return dict(pair for item in self.outputs.values() for pair in contents(item))
