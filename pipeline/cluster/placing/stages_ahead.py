"""Stages that were prepared for a node which is full: one for each node at most. Pure."""

from collections.abc import Callable, Iterator

from pipeline.cluster.placing.node_supply import StageNeeds, WaitingStage


class StagesAhead:
    """By their nodes, and by their needs, those that came first first."""

    def __init__(self) -> None:
        self._by_node: dict[str, WaitingStage] = {}
        self._by_needs: dict[StageNeeds, dict[str, None]] = {}  # the nodes

    def put(self, node: str, stage: WaitingStage) -> None:
        """The node has none."""
        self._by_node[node] = stage
        self._by_needs.setdefault(stage.needs, {})[node] = None

    def get(self, node: str) -> WaitingStage | None:
        return self._by_node.get(node)

    def pop(self, node: str) -> WaitingStage | None:
        """``None`` where the node has none."""
        stage = self._by_node.pop(node, None)
        if stage is not None:
            nodes = self._by_needs[stage.needs]
            del nodes[node]
            if not nodes:
                del self._by_needs[stage.needs]
        return stage

    def kinds(self) -> list[StageNeeds]:
        return list(self._by_needs)

    def first(self, needs: StageNeeds) -> tuple[str, WaitingStage] | None:
        """The node and the stage of these needs that came first."""
        node = next(iter(self._by_needs.get(needs, ())), None)
        return None if node is None else (node, self._by_node[node])

    def unwanted(self, is_unwanted: Callable[[str], bool]) -> Iterator[str]:
        """The nodes whose stage is, by its id."""
        return (node for node, stage in list(self._by_node.items()) if is_unwanted(stage.id))
