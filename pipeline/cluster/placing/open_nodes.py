"""Nodes that may have room, for each kind of needs; and what is on them already. Pure."""

from collections.abc import Callable, Iterable
from itertools import islice

from pipeline.cluster.placing.node_supply import StageNeeds, WaitingStage

LOOKED_AT = 8  # open nodes among which one is looked for that has the environment
ENVIRONMENT_BYTES = 1 << 30  # what it is worth that a node has the environment, as bytes that needn't be sent


class OpenNodes:
    """A node is open for some needs until it was tried for them in vain, and again when something on it has ended and
    there is room for them.

    So the tries are as many as the events, times the kinds of needs, however many nodes and stages there are.
    """

    def __init__(self) -> None:
        self._all: dict[str, None] = {}  # for needs that come later
        self._by_needs: dict[StageNeeds, dict[str, None]] = {}
        self._holders: dict[str, dict[str, None]] = {}  # by digest, the nodes that have it
        self._files: dict[str, set[str]] = {}  # by node, the digests
        self._environments: dict[str, set[str]] = {}  # by node, the keys

    def reopen(self, name: str, has_room: Callable[[StageNeeds], bool]) -> None:
        """Something on it has ended, or it is new."""
        self._all[name] = None
        for needs, nodes in self._by_needs.items():
            if has_room(needs):
                nodes[name] = None

    def close(self, needs: StageNeeds, name: str) -> None:
        """It was tried in vain."""
        self._of(needs).pop(name, None)

    def forget(self, name: str) -> None:
        """It is gone, with all that was on it."""
        for nodes in (self._all, *self._by_needs.values()):
            nodes.pop(name, None)
        self._environments.pop(name, None)
        for digest in self._files.pop(name, ()):
            self._holders[digest].pop(name, None)

    def has_any(self, needs: StageNeeds) -> bool:
        return bool(self._of(needs))

    def has_files(self, name: str, digests: Iterable[str]) -> None:
        own = self._files.setdefault(name, set())
        for digest in digests:
            own.add(digest)
            self._holders.setdefault(digest, {})[name] = None

    def has_environment(self, name: str, environment: str) -> None:
        self._environments.setdefault(name, set()).add(environment)

    def choose(self, needs: StageNeeds, stages: list[WaitingStage]) -> tuple[str, int] | None:
        """An open node, and which of the stages, all of these needs, suits it best; ``None`` where none is open."""
        nodes = self._of(needs)
        if not nodes:
            return None
        if len(nodes) == 1:
            name = next(iter(nodes))
            return name, self.nearest(name, stages)
        first = stages[0]
        near = [name for digest, _ in first.inputs for name in islice(self._holders.get(digest, ()), LOOKED_AT)]
        candidates = dict.fromkeys([*(name for name in near if name in nodes), *islice(nodes, LOOKED_AT)])
        return max(candidates, key=lambda each: self._worth(each, first)), 0

    def nearest(self, name: str, stages: list[WaitingStage]) -> int:
        """Which of the stages has most of its files on a node; the first of those that are equal."""
        if not any(stage.inputs for stage in stages):
            return 0
        return max(range(len(stages)), key=lambda index: (self._bytes(name, stages[index]), -index))

    def _worth(self, name: str, stage: WaitingStage) -> int:
        has_environment = stage.needs.environment in self._environments.get(name, ())
        return self._bytes(name, stage) + (ENVIRONMENT_BYTES if has_environment else 0)

    def _bytes(self, name: str, stage: WaitingStage) -> int:
        return sum(size for digest, size in stage.inputs if name in self._holders.get(digest, ()))

    def _of(self, needs: StageNeeds) -> dict[str, None]:
        nodes = self._by_needs.get(needs)
        if nodes is None:
            nodes = self._by_needs[needs] = dict(self._all)
        return nodes
