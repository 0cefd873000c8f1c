"""Stages that are on a node already, and begin there when one of those before them ends: one for each node. Pure.

Only where stages end every moment: a node would else be idle until the run has heard of each end.
"""

from collections.abc import Sequence

from pipeline.cluster.placing.node_supply import NodeLedger, NodeStart, WaitingStage

BRIEF_SECONDS = 0.5
LATEST = 0.3  # the weight of the latest one
PREDECESSORS = 16  # on a node, at most: one with more isn't idle soon


class Followers:
    def __init__(self) -> None:
        self._nodes: set[str] = set()  # that have one
        self._seconds: dict[str, float] = {}  # that stages take from their order to their end: an average, by kind

    def note(self, kind: str, seconds: float) -> None:
        """How long a stage has taken."""
        self._seconds[kind] = seconds + (self._seconds.get(kind, seconds) - seconds) * (1 - LATEST)

    def may_have(self, stage: WaitingStage, node: NodeLedger, there: Sequence[NodeStart]) -> bool:
        """Whether it can take the place of whichever stage there ends first, and one of them does so in a moment."""
        if not stage.may_follow or len(there) > PREDECESSORS:
            return False
        is_soon = any(self._seconds.get(each.stage.kind, BRIEF_SECONDS) < BRIEF_SECONDS for each in there)
        return is_soon and all(node.covers(each.share, stage.needs) for each in there)

    def put(self, node: str) -> None:
        """The node has none."""
        self._nodes.add(node)

    def pop(self, node: str) -> bool:
        """One of the stages there has ended, or all are gone: whether the node had one, which is none any more."""
        had_one = node in self._nodes
        self._nodes.discard(node)
        return had_one
