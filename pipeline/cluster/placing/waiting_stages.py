"""Stages that wait, in one queue for each kind of needs. Pure."""

from collections import deque
from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from itertools import islice
from operator import itemgetter

from pipeline.cluster.placing.node_supply import StageNeeds, WaitingStage

NEAREST = 8  # stages of one priority among which those are looked for whose files are on a node

Priority = tuple[int, float]
_FIRST = itemgetter(0)


class NeedsQueue:
    """Those with equal needs: by priority, and of equal priority in the order of their arrival.

    A heap has the priorities and not the stages: most stages of a fan-out have the same one.
    """

    def __init__(self) -> None:
        self.priorities: list[Priority] = []  # a heap: the first stage's comes first
        self._alone: dict[Priority, WaitingStage] = {}  # those that are the only one: a deque takes 600 bytes
        self._several: dict[Priority, deque[WaitingStage]] = {}

    def push(self, stage: WaitingStage, first: bool = False) -> None:
        """``first``: before those of its priority, since it was handed out before."""
        priority = stage.priority
        several = self._several.get(priority)
        if several is None:
            other = self._alone.pop(priority, None)
            if other is None:
                self._alone[priority] = stage
                heappush(self.priorities, priority)
                return
            several = self._several[priority] = deque((other,))
        if first:
            several.appendleft(stage)
        else:
            several.append(stage)

    def __bool__(self) -> bool:
        return bool(self.priorities)

    def first(self) -> list[WaitingStage]:
        """Up to a few of the best priority."""
        priority = self.priorities[0]
        alone = self._alone.get(priority)
        return list(islice(self._several[priority], NEAREST)) if alone is None else [alone]

    def stages(self) -> Iterator[WaitingStage]:
        """All, those of one priority in their order."""
        yield from self._alone.values()
        for several in self._several.values():
            yield from several

    def pop(self, index: int) -> WaitingStage:
        """One of ``first``."""
        priority = self.priorities[0]
        several = self._several.get(priority)
        if several is None:
            heappop(self.priorities)
            return self._alone.pop(priority)
        stage = several[index]
        del several[index]
        if not several:
            del self._several[priority]
            heappop(self.priorities)
        return stage


class WaitingStages:
    """The queues by their needs."""

    def __init__(self) -> None:
        self._queues: dict[StageNeeds, NeedsQueue] = {}

    def push(self, stage: WaitingStage, first: bool = False) -> None:
        queue = self._queues.get(stage.needs)
        if queue is None:
            queue = self._queues[stage.needs] = NeedsQueue()
        queue.push(stage, first)

    def __bool__(self) -> bool:
        return any(self._queues.values())

    def in_order(self) -> list[tuple[StageNeeds, NeedsQueue]]:
        """Those that have stages, the one with the first stage first."""
        waiting = [(queue.priorities[0], needs, queue) for needs, queue in self._queues.items() if queue.priorities]
        waiting.sort(key=_FIRST)
        return [(needs, queue) for _, needs, queue in waiting]

    def withdraw(self, is_unwanted: Callable[[str], bool]) -> None:
        """Take out stages, by their ids. Looks at all."""
        for needs, queue in list(self._queues.items()):
            left = self._queues[needs] = NeedsQueue()
            for stage in queue.stages():
                if not is_unwanted(stage.id):
                    left.push(stage)
            self.drop(needs)

    def drop(self, needs: StageNeeds) -> None:
        """Forget a queue that is empty."""
        if needs in self._queues and not self._queues[needs]:
            del self._queues[needs]
