"""The ready stages of a run on nodes: placement decides, and the loop takes one start after the other."""

import math
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from pipeline.cluster.driver import stage_needs
from pipeline.cluster.placing.node_supply import THOUSAND, NodeStart, NodeSupply, StageNeeds, WaitingStage
from pipeline.cluster.placing.placement import NodePlacement
from pipeline.host.resources import Grant
from pipeline.jobs.state import StageStatus
from pipeline.policy import ResourceRequest
from pipeline.run.job_run import JobRun
from pipeline.run.task import Task

RETURN_SECONDS = 5.0  # after the first node came, that a stage waits for the one on which an earlier run began it
FORLORN_SECONDS = 60.0  # that a stage waits for a node that could have it, after the last one came

Prepare = Callable[[Task, str], None]


class NodeQueue:
    """As ``StageQueue``. ``prepare`` is called with a task and the node on which it will probably begin next."""

    def __init__(self, licences: Mapping[str, int], prepare: Prepare) -> None:
        self.placement = NodePlacement(licences)
        self.jobs: dict[str, JobRun] = {}
        self._prepare = prepare
        self._tasks: dict[str, Task] = {}  # those that wait
        self._places: dict[str, int] = {}  # of jobs in the run
        self._needs: dict[StageNeeds, StageNeeds] = {}  # one value of each: there may be 100,000 stages
        self._starts: deque[NodeStart] = deque()
        self._out: dict[Grant, tuple[NodeStart, float]] = {}  # since when
        self._on_node: dict[str, set[str]] = {}  # ids of what was given out
        self._gpus: dict[str, int] = {}  # by node
        self._resumable: dict[str, str] = {}  # stages that an earlier run began, by the node where they run
        self._returns: dict[str, str] = {}  # stages whose node, which an earlier run had, isn't here yet
        self._first = math.inf  # when the first node came
        self._changed = time.monotonic()  # when a node last came, or went

    def impossible(self, task: Task, beside: Sequence[ResourceRequest]) -> str | None:
        """More nodes may come: what none can have fails when it is its turn."""
        del task, beside
        return None

    def push(self, task: Task, place: int) -> None:
        id = stage_needs.id_of(task)
        self._tasks[id], self._places[task.job_id] = task, place
        node = self._resumable.pop(id, None)
        if node in self._on_node:
            self._starts.append(self._resumed(id, node))
        elif node := self._earlier_node(task):
            self._returns[id] = node
        else:
            self.placement.push(self._waiting(id), again=bool(task.spared))

    def pop(self) -> tuple[Task, Grant] | None:
        if not self._starts:
            self._decide()
        while self._starts:
            start = self._starts.popleft()
            task = self._tasks.pop(start.stage.id, None)
            if task is not None:
                grant = _grant(start)
                self._out[grant] = start, time.monotonic()
                return task, grant
        return self._forlorn()

    def first(self) -> Task | None:
        """Nothing is started ahead on this machine."""
        return None

    def drop(self, is_unwanted: Callable[[Task], bool]) -> list[Task]:
        unwanted = {id for id, task in self._tasks.items() if is_unwanted(task)}
        self._returns = {id: node for id, node in self._returns.items() if id not in unwanted}
        self.placement.withdraw(unwanted.__contains__)
        for start in self._starts:
            if start.stage.id in unwanted:
                self._release(start)
        return [self._tasks.pop(id) for id in unwanted]

    def give_back(self, grant: Grant) -> None:
        if out := self._out.pop(grant, None):
            start, since = out
            self._release(start, time.monotonic() - since)

    @property
    def patience(self) -> float | None:
        return 1.0 if self._tasks else None

    def waits(self, id: str) -> bool:
        """Whether a stage waits for a node."""
        return id in self._tasks

    @property
    def waiting(self) -> int:
        """How many stages wait for a node."""
        return len(self._tasks)

    def why_nowhere(self, task: Task) -> str | None:
        """Why none of the nodes can ever run a task; ``None`` where one can."""
        return self.placement.impossible(self._needs_of(task), time.monotonic())

    def add_node(self, supply: NodeSupply, resumable: Sequence[str]) -> None:
        """``resumable``: ids of stages that an earlier run began there."""
        self._changed = time.monotonic()
        self._first = min(self._first, self._changed)
        self.placement.add_node(supply)
        self._on_node[supply.name] = set()
        self._gpus[supply.name] = len(supply.gpus)
        for id in resumable:
            if id in self._tasks and not any(start.stage.id == id for start in self._starts):
                self._returns.pop(id, None)
                self.placement.withdraw(id.__eq__)
                self._starts.append(self._resumed(id, supply.name))
            else:
                self._resumable[id] = supply.name
        self._give_up_returns(lambda node: node == supply.name)

    def remove_node(self, name: str) -> None:
        """What ran there is given back when its end is told."""
        self._changed = time.monotonic()
        self._on_node.pop(name, None)
        self._gpus.pop(name, None)
        gone = [start for start in self._starts if start.node == name]
        self._starts = deque(start for start in self._starts if start.node != name)
        self.placement.remove_node(name)
        for start in gone:
            self.placement.push(start.stage, again=True)

    def has_on(self, node: str, environment: str, digests: Sequence[str]) -> None:
        """What is on a node now: an environment, by its key, and large contents."""
        if node in self._on_node:
            self.placement.has_environment(node, environment)
            self.placement.has_files(node, digests)

    def environment_of(self, task: Task) -> str:
        """The key of a task's environment."""
        return self.jobs[task.job_id].job.plan.environment_keys[task.stage.environment]

    def has_node(self, name: str) -> bool:
        return name in self._on_node

    def _forlorn(self) -> tuple[Task, Grant] | None:
        """A task that none of the nodes can ever have; only when no node has come for a while."""
        if not self._tasks or not self._on_node or time.monotonic() - self._changed < FORLORN_SECONDS:
            return None
        self._changed = time.monotonic()  # to look takes long: there may be many tasks
        task = next((each for each in self._tasks.values() if self.why_nowhere(each)), None)
        if task is None:
            return None
        self.drop(lambda each: each is task)
        return task, Grant(0, 0)

    def _earlier_node(self, task: Task) -> str:
        """Where an earlier run began it, if that node may still come; empty where nothing is to be waited for."""
        state = self.jobs[task.job_id].job.loaded.stage(task.name)
        is_first = not task.failed and not task.spared and state.status is StageStatus.RUNNING
        return state.node if is_first and state.node not in self._on_node and not self._is_late else ""

    @property
    def _is_late(self) -> bool:
        return time.monotonic() - self._first > RETURN_SECONDS

    def _give_up_returns(self, is_meant: Callable[[str], bool]) -> None:
        """Stages whose node has come without them, or doesn't come, run anywhere."""
        for id in [id for id, node in self._returns.items() if is_meant(node)]:
            del self._returns[id]
            self.placement.push(self._waiting(id))

    def _decide(self) -> None:
        if self._returns and self._is_late:
            self._give_up_returns(lambda _: True)
        for decision in self.placement.decide(time.monotonic()):
            if isinstance(decision, NodeStart):
                self._on_node[decision.node].add(decision.stage.id)
                self._starts.append(decision)
            elif task := self._tasks.get(decision.stage.id):
                self._prepare(task, decision.node)

    def _resumed(self, id: str, node: str) -> NodeStart:
        self._on_node[node].add(id)
        return self.placement.resume(self._waiting(id), node)

    def _release(self, start: NodeStart, seconds: float | None = None) -> None:
        """Unless its node is gone, with all that was on it."""
        ids = self._on_node.get(start.node)
        if ids and start.stage.id in ids:
            ids.discard(start.stage.id)
            self.placement.release(start.stage.id, seconds)

    def _waiting(self, id: str) -> WaitingStage:
        task = self._tasks[id]
        job, place = self.jobs[task.job_id], self._places[task.job_id]
        return stage_needs.waiting(id, job, task, self._needs_of(task), place)

    def _needs_of(self, task: Task) -> StageNeeds:
        needs = stage_needs.needs_of(self.jobs[task.job_id], task, self._has_gpus)
        return self._needs.setdefault(needs, needs)

    @property
    def _has_gpus(self) -> bool:
        return any(self._gpus.values())


def _grant(start: NodeStart) -> Grant:
    share = start.share
    return Grant(
        share.cpus / THOUSAND,
        share.memory,
        len(share.gpus),
        node=start.node,
        cards=share.gpus,
        predecessors=start.predecessors,
    )
