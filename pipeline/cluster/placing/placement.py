"""Which node gets which stage, and when. Pure: it is told what happens, and says what to do.

The run's own order decides: the first jobs first, of one job the longest way first. Only as much is handed out as there
is room for, and one stage ahead for each node that is full: it is prepared for, or, where stages end every moment,
handed out to begin there when one of them ends. A stage goes to a node that has its files and its
environment, where one of those is free. The work for an event doesn't depend on how many stages wait.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from pipeline.cluster.placing.followers import Followers
from pipeline.cluster.placing.kept_nodes import KeptNodes
from pipeline.cluster.placing.node_supply import (
    Decision,
    Licences,
    NodeLedger,
    NodePreparation,
    NodeShare,
    NodeStart,
    NodeSupply,
    StageNeeds,
    WaitingStage,
)
from pipeline.cluster.placing.open_nodes import OpenNodes
from pipeline.cluster.placing.stages_ahead import StagesAhead
from pipeline.cluster.placing.waiting_stages import NeedsQueue, WaitingStages


class NodePlacement:
    def __init__(self, licences: Mapping[str, int] | None = None) -> None:
        """``licences``: how many tokens of each kind the run has."""
        self._licences = Licences(licences or {})
        self._nodes: dict[str, NodeLedger] = {}
        self._draining: set[str] = set()
        self._bans: set[tuple[str, str]] = set()  # node, and key of an environment that can't be made there
        self._waiting = WaitingStages()
        self._open = OpenNodes()
        self._changed: dict[str, None] = {}  # nodes that have more room than at the last decision
        self._running: dict[str, NodeStart] = {}
        self._on_node: dict[str, set[str]] = {}
        self._ahead = StagesAhead()
        self._without_ahead: dict[str, None] = {}  # nodes that may have a stage ahead, in order
        self._kept = KeptNodes()
        self._followers = Followers()

    def add_node(self, supply: NodeSupply) -> None:
        """A node that works from now on; its name is new."""
        self._nodes[supply.name] = NodeLedger(supply)
        self._on_node[supply.name] = set()
        self._open_again(supply.name)

    def remove_node(self, name: str) -> list[WaitingStage]:
        """A node that is gone. Returns the stages that ran there; what was only prepared for it waits again."""
        self.drain(name)
        lost = [self._running.pop(id) for id in sorted(self._on_node.pop(name, ()))]
        for each in lost:
            self._licences.give_back(each.stage.needs.licences)
        self._nodes.pop(name, None)
        self._draining.discard(name)
        self._open.forget(name)
        self._followers.pop(name)
        self._bans = {ban for ban in self._bans if ban[0] != name}
        return [each.stage for each in lost]

    def drain(self, name: str) -> None:
        """Nothing more is given to a node; what runs there may end."""
        self._draining.add(name)
        self._kept.give_up(name)
        self._changed.pop(name, None)
        self._without_ahead.pop(name, None)
        if ahead := self._ahead.pop(name):
            self._waiting.push(ahead, first=True)

    def ban(self, node: str, environment: str) -> None:
        """An environment, by its key, can't be made on a node. What was prepared for it there waits again."""
        self._bans.add((node, environment))
        self._kept.give_up(node, environment)
        self._open_again(node)
        ahead = self._ahead.get(node)
        if ahead is not None and ahead.needs.environment == environment:
            self._ahead.pop(node)
            self._waiting.push(ahead, first=True)
            self._without_ahead[node] = None

    def push(self, stage: WaitingStage, again: bool = False) -> None:
        """A stage that is ready; ``again``: it was handed out before, and comes before those of its priority."""
        self._waiting.push(stage, again)

    def resume(self, stage: WaitingStage, node: str) -> NodeStart:
        """A stage that doesn't wait here, and runs on a node already: an earlier run began it there."""
        self._licences.take(stage.needs.licences)
        return self._started(stage, node, self._nodes[node].claim(stage.needs))

    def release(self, id: str, seconds: float | None = None) -> None:
        """A stage has ended, in whatever way, so many seconds after it was handed out."""
        start = self._running.pop(id)
        if seconds is not None:
            self._followers.note(start.stage.kind, seconds)
        self._on_node[start.node].discard(id)
        self._licences.give_back(start.stage.needs.licences)
        self._nodes[start.node].give_back(start.share)
        if self._followers.pop(start.node):
            self._without_ahead[start.node] = None
        self._open_again(start.node)

    def withdraw(self, is_unwanted: Callable[[str], bool]) -> None:
        """Stages, by their ids, that won't run any more; those that run are for the caller to end. Looks at all."""
        self._waiting.withdraw(is_unwanted)
        for name in self._ahead.unwanted(is_unwanted):
            self._ahead.pop(name)
            self._without_ahead[name] = None
        waiting = {needs for needs, _ in self._waiting.in_order()}
        for needs in self._kept.needs() - waiting:
            self._met(needs)

    def has_files(self, node: str, digests: Iterable[str]) -> None:
        """Contents that are on a node now."""
        self._open.has_files(node, digests)

    def has_environment(self, node: str, environment: str) -> None:
        """An environment, by its key, that is ready on a node now."""
        self._open.has_environment(node, environment)

    def impossible(self, needs: StageNeeds, now: float) -> str | None:
        """Why no node that is there can ever meet these needs; ``None`` where one can. Looks at all nodes."""
        for name, number in needs.licences:
            if number > self._licences.supply.get(name, 0):
                return f"{number} of '{name}' are needed, and the run has {self._licences.supply.get(name, 0)}"
        able = [name for name, node in self._nodes.items() if node.could_have(needs, now)]
        if not able:
            return f"none of the {len(self._nodes)} nodes has what is needed"
        if all((name, needs.environment) in self._bans for name in able):
            return f"the environment can't be made on any of the {len(able)} nodes that have what is needed"
        return None

    def decide(self, now: float) -> list[Decision]:
        """All that can be done at this moment. ``now``: by the clock of the run, as the ends of nodes."""
        decisions: list[Decision] = []
        while True:
            decisions += self._promoted(now)
            while (start := self._next_start(now)) is not None:
                decisions.append(start)
            decisions += self._recalled(now)
            if not self._changed:  # else a node isn't kept for others any more
                break
        decisions += self._prepared(now)
        return decisions

    def _open_again(self, name: str) -> None:
        if name not in self._draining:
            self._changed[name] = None

    def _promoted(self, now: float) -> Iterator[NodeStart]:
        """What was prepared for a node that has room now; what room it has beside that is for others."""
        changed, self._changed = self._changed, {}
        for name in changed:
            ahead = self._ahead.get(name)
            if ahead and not self._nodes[name].could_have(ahead.needs, now):  # its walltime is too near now
                self._ahead.pop(name)
                self._waiting.push(ahead, first=True)
                ahead = None
            start = self._try(ahead, name, now) if ahead and self._may_use(name, ahead.needs) else None
            if start is not None:
                self._ahead.pop(name)
                self._without_ahead[name] = None
                self._note_overtaken(start, now)
                yield start
            if not self._nodes[name].is_full:
                self._open.reopen(name, self._nodes[name].has_room)

    def _note_overtaken(self, start: NodeStart, now: float) -> None:
        """Those that come before it, and wait for a node that is large enough."""
        priority = start.stage.priority
        passed = [needs for needs, queue in self._waiting.in_order() if queue.priorities[0] < priority]
        passed = [needs for needs in passed if self._licences.has(needs.licences)]
        self._note(passed, start.node, now)

    def _note(self, passed: list[StageNeeds], name: str, now: float) -> None:
        self._kept.note(passed, name, lambda needs: self._could_run(name, needs, now))

    def _next_start(self, now: float) -> NodeStart | None:
        passed: list[StageNeeds] = []
        for needs, queue in self._waiting.in_order():
            start = self._start_of(needs, queue, now)
            if start is None:
                passed += [needs] if self._licences.has(needs.licences) else []
                continue
            self._note(passed, start.node, now)
            return start
        return None

    def _start_of(self, needs: StageNeeds, queue: NeedsQueue, now: float) -> NodeStart | None:
        if not (self._open.has_any(needs) and self._licences.has(needs.licences)):
            return None
        stages = queue.first()
        while (chosen := self._open.choose(needs, stages)) is not None:
            name, index = chosen
            may_start = self._nodes[name].has_room(needs) and self._may_use(name, needs)
            start = self._try(stages[index], name, now) if may_start else None
            if start is not None:
                queue.pop(index)
                self._met(needs)
                return start
            self._open.close(needs, name)
        return None

    def _met(self, needs: StageNeeds) -> None:
        for name in self._kept.met(needs):
            self._open_again(name)
        self._waiting.drop(needs)

    def _try(self, stage: WaitingStage, name: str, now: float) -> NodeStart | None:
        licences = stage.needs.licences
        share = self._nodes[name].take(stage.needs, now) if self._licences.has(licences) else None
        if share is None:
            return None
        self._licences.take(licences)
        return self._started(stage, name, share)

    def _started(self, stage: WaitingStage, name: str, share: NodeShare) -> NodeStart:
        start = NodeStart(stage, name, share)
        self._running[stage.id] = start
        self._on_node[name].add(stage.id)
        if self._ahead.get(name) is None:
            self._without_ahead[name] = None
        return start

    def _may_use(self, name: str, needs: StageNeeds) -> bool:
        is_free = name in self._nodes and name not in self._draining and (name, needs.environment) not in self._bans
        return is_free and self._kept.allows(name, needs)

    def _could_run(self, name: str, needs: StageNeeds, now: float) -> bool:
        return self._may_use(name, needs) and self._nodes[name].could_have(needs, now)

    def _recalled(self, now: float) -> Iterator[NodeStart]:
        """Where nothing waits, a node that is free takes what was prepared for another one, and hasn't begun."""
        if self._waiting:
            return
        for needs in self._ahead.kinds():
            while (start := self._recalled_one(needs, now)) is not None:
                yield start

    def _recalled_one(self, needs: StageNeeds, now: float) -> NodeStart | None:
        first = self._ahead.first(needs)
        if first is None or not self._licences.has(needs.licences):
            return None
        before, stage = first
        while (chosen := self._open.choose(needs, [stage])) is not None:
            start = self._try(stage, chosen[0], now) if self._may_use(chosen[0], needs) else None
            if start is not None:
                self._ahead.pop(before)
                self._without_ahead[before] = None
                return start
            self._open.close(needs, chosen[0])
        return None

    def _prepared(self, now: float) -> Iterator[Decision]:
        """A stage ahead for each node that is full, as long as stages wait."""
        while self._without_ahead and self._waiting:
            waiting = self._waiting.in_order()
            name = next(iter(self._without_ahead))
            del self._without_ahead[name]  # it comes back when something on it has ended
            if not self._on_node.get(name):
                continue
            for needs, queue in waiting:
                if self._could_run(name, needs, now) and self._fits_after_one(name, needs):
                    stage = queue.pop(self._open.nearest(name, queue.first()))
                    yield self._put_ahead(stage, name)
                    if not queue:
                        self._met(needs)  # no node has to be kept for it
                    break

    def _put_ahead(self, stage: WaitingStage, name: str) -> Decision:
        there = [self._running[id] for id in self._on_node[name]]
        if not self._followers.may_have(stage, self._nodes[name], there):
            self._ahead.put(name, stage)
            return NodePreparation(stage, name)
        self._followers.put(name)
        share = self._nodes[name].claim(stage.needs)
        start = NodeStart(stage, name, share, tuple(each.stage.id for each in there))
        self._running[stage.id] = start
        self._on_node[name].add(stage.id)
        return start

    def _fits_after_one(self, name: str, needs: StageNeeds) -> bool:
        """Whether it fits when one of the stages that run there has ended: else it might wait there for ever."""
        node = self._nodes[name]
        return any(node.covers(self._running[id].share, needs) for id in self._on_node[name])
