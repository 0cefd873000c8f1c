"""The nodes of a cluster as they come and go: the seam between a run and whatever deploys them."""

from collections.abc import Sequence
from typing import Literal, Protocol

from pipeline.cluster.wire.node_announcement import NodeAnnouncement
from pipeline.values import Struct

# "lost": nobody knows more than that. The others are what a batch system, or the parent of its process, says.
LossKind = Literal["lost", "walltime", "memory", "preempted", "cancelled", "requeued", "failed"]


class NodeLoss(Struct, frozen=True):
    """Why a node is gone."""

    kind: LossKind = "lost"
    words: str = ""  # the evidence, for a person


class NodeJoined(Struct, frozen=True):
    node: NodeAnnouncement


class NodeLeft(Struct, frozen=True):
    """Its process is gone, or will be: what ran there is lost."""

    name: str
    loss: NodeLoss


class NodeExplained(Struct, frozen=True):
    """More is known by now of the end of a node that has left."""

    name: str
    loss: NodeLoss


class NodeUnusable(Struct, frozen=True):
    """What could be a node isn't one."""

    name: str
    words: str


class ClusterNotice(Struct, frozen=True):
    """What keeps nodes from coming, or the evidence of their ends; it may pass."""

    words: str


class ClusterFailed(Struct, frozen=True):
    """No node can come any more, such as where the scheduler is gone."""

    words: str
    next_step: str = ""


MembershipChange = NodeJoined | NodeLeft | NodeExplained | NodeUnusable | ClusterNotice | ClusterFailed


class Members(Protocol):
    """Made with the token that opens the nodes' agents, and a function that ends the run's wait when there are changes.

    Threads of its own see to it; no method blocks for long.
    """

    def changes(self) -> Sequence[MembershipChange]:
        """Those since the last call, in order. A node that came back under its name has left before."""
        ...

    def want(self, nodes: int) -> None:
        """So many nodes would have work at the moment, by the run's own queue; those that work stay in any case."""
        ...

    def why(self, name: str) -> NodeLoss | None:
        """What is known by now of the end of a node, which the run couldn't reach any more; ``None`` where nothing is
        yet."""
        ...

    def close(self) -> None:
        """Let go of the nodes: those that were made for the run end, others stay for later runs."""
        ...
