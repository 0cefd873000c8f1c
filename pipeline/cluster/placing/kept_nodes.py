"""Nodes that are kept for a stage that needs much: others went past it long enough. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable

from pipeline.cluster.placing.node_supply import StageNeeds

OVERTAKINGS = 16  # how often stages that need less go first, before a node is kept for one that needs more


class KeptNodes:
    def __init__(self) -> None:
        self._overtaken: Counter[StageNeeds] = Counter()
        self._kept: dict[str, StageNeeds] = {}  # by node

    def allows(self, node: str, needs: StageNeeds) -> bool:
        """Whether a node isn't kept for other needs."""
        return self._kept.get(node, needs) == needs

    def note(self, passed: Iterable[StageNeeds], node: str, could_run: Callable[[StageNeeds], bool]) -> None:
        """Something began on a node while these waited; it is kept for one of them that has waited for too long.

        ``could_run``: whether the node has enough for such a stage, when all on it has ended.
        """
        for needs in passed:
            self._overtaken[needs] += 1
            is_due = self._overtaken[needs] >= OVERTAKINGS and needs not in self._kept.values()
            if is_due and node not in self._kept and could_run(needs):
                self._kept[node] = needs

    def met(self, needs: StageNeeds) -> list[str]:
        """A stage with these needs has begun, or none waits any more. Returns the nodes that were kept for it."""
        self._overtaken.pop(needs, None)
        freed = [node for node, kept in self._kept.items() if kept == needs]
        for node in freed:
            del self._kept[node]
        return freed

    def give_up(self, node: str, environment: str | None = None) -> None:
        """A node isn't kept any more; with ``environment``, only where it was for a stage in that one."""
        if node in self._kept and environment in {None, self._kept[node].environment}:
            del self._kept[node]

    def needs(self) -> set[StageNeeds]:
        """Those that nodes are kept for."""
        return set(self._kept.values())
