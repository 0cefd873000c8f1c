"""A cluster without processes: the real placement, with a virtual clock; for ``cluster.py`` and the tests."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count

from pipeline.cluster.placing.node_supply import NodeStart, NodeSupply, WaitingStage
from pipeline.cluster.placing.placement import NodePlacement


@dataclass
class Simulation:
    """Each start is an event, and each end."""

    placement: NodePlacement
    seconds: Callable[[WaitingStage], float]  # that a stage takes
    now: float = 0.0
    events: int = 0
    starts: list[NodeStart] = field(default_factory=list)  # where ``remembers``
    ended: set[str] = field(default_factory=set)
    remembers: bool = True
    _ends: list[tuple[float, int, str]] = field(default_factory=list)
    _running: dict[str, NodeStart] = field(default_factory=dict)
    _numbers: "count[int]" = field(default_factory=count)

    def run(self, until: float = float("inf")) -> None:
        """Until nothing runs any more, or to a moment."""
        self._decide()
        while self._ends and self._ends[0][0] <= until:
            self.now, _, id = heappop(self._ends)
            if self._running.pop(id, None) is None:
                continue  # its node was lost
            self.placement.release(id)
            self.events += 1
            if self.remembers:
                self.ended.add(id)
            self._decide()

    def lose(self, node: str) -> None:
        """The node is gone, and what ran there begins again."""
        for stage in self.placement.remove_node(node):
            del self._running[stage.id]
            self._ends = [each for each in self._ends if each[2] != stage.id]
            self.placement.push(stage, again=True)

    @property
    def running(self) -> list[NodeStart]:
        return list(self._running.values())

    def _decide(self) -> None:
        for decision in self.placement.decide(self.now):
            if isinstance(decision, NodeStart):
                stage = decision.stage
                self.events += 1
                self._running[stage.id] = decision
                heappush(self._ends, (self.now + self.seconds(stage), next(self._numbers), stage.id))
                if self.remembers:
                    self.starts.append(decision)


def event_seconds(nodes: Iterable[NodeSupply], stages: Iterable[WaitingStage]) -> float:
    """What an event takes, all together, where these stages wait for these nodes; each takes some 1.05 seconds."""
    placement = NodePlacement()
    simulation = Simulation(placement, lambda stage: 1 + hash(stage.id) % 100 / 1000, remembers=False)
    start = time.process_time()
    for node in nodes:
        placement.add_node(node)
    for stage in stages:
        placement.push(stage)
    simulation.run()
    return (time.process_time() - start) / simulation.events
