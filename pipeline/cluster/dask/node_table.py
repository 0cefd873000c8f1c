"""Which nodes there are, by what Dask's scheduler and the nodes tell; and what a run must hear of it. Pure."""

from collections.abc import Iterable

from pipeline.cluster.dask.node_news import NodeAnnounced, WorkerEnded
from pipeline.cluster.members import MembershipChange, NodeExplained, NodeJoined, NodeLeft, NodeLoss
from pipeline.cluster.wire.node_announcement import NodeAnnouncement
from pipeline.values import Struct

REMEMBERED = 10_000  # nodes that are gone


class MemberNode(Struct, frozen=True):
    """A node, and the worker of Dask's that it is in."""

    worker: str  # its address
    dask_name: str
    node: NodeAnnouncement


class NodeTable:
    def __init__(self) -> None:
        self.nodes: dict[str, MemberNode] = {}  # by name
        self._names: dict[str, str] = {}  # by worker
        self._losses: dict[str, NodeLoss] = {}  # by name, of those that are gone
        self._jobs: dict[str, str] = {}  # by name, also of those that are gone: the batch system's job
        self._ends: dict[str, str] = {}  # by name, the worker that a node was in when it left

    def announced(self, news: NodeAnnounced) -> list[MembershipChange]:
        """A node that is known already, and is the same one, is no change."""
        node = news.node
        known = self.nodes.get(node.name)
        if known and (known.worker, known.node.address) == (news.worker, node.address):
            return []
        again = NodeLoss("failed", node.earlier_end) if node.earlier_end else NodeLoss("lost", "it was started again")
        changes: list[MembershipChange] = [*self._left(node.name, again), *self.worker_gone(news.worker, again)]
        self.nodes[node.name] = MemberNode(news.worker, news.dask_name, node)
        self._names[news.worker] = node.name
        if node.batch_job:
            self._jobs[node.name] = node.batch_job
        return [*changes, NodeJoined(node)]

    def worker_gone(self, worker: str, loss: NodeLoss) -> list[MembershipChange]:
        name = self._names.get(worker)
        return self._left(name, loss) if name else []

    def ended(self, news: WorkerEnded) -> list[MembershipChange]:
        """Its parent says how: this explains a node that has left, or is its end."""
        changes = self.worker_gone(news.worker, news.loss)
        for name in [name for name, worker in self._ends.items() if worker == news.worker]:
            changes += self.explain(name, news.loss)
        return changes

    def explain(self, name: str, loss: NodeLoss) -> list[MembershipChange]:
        """The evidence for the end of a node; the first that says more than that it is lost stays."""
        known = self._losses.get(name, NodeLoss())
        if known.kind not in {"lost", "failed"}:
            return []
        self._losses[name] = loss
        return [NodeExplained(name, loss)] if loss.kind != known.kind else []

    def job_ended(self, job: str, loss: NodeLoss) -> list[MembershipChange]:
        """The batch system says that a job is over."""
        changes: list[MembershipChange] = []
        for name in [name for name, own in self._jobs.items() if own == job]:
            if name in self.nodes:
                changes += self._left(name, loss)
            else:
                changes += self.explain(name, loss)
        return changes

    def jobs(self) -> set[str]:
        """The batch system's, of nodes that are there, and of those whose end isn't explained yet."""
        return {job for name, job in self._jobs.items() if self._needs_evidence(name)}

    def _needs_evidence(self, name: str) -> bool:
        loss = self._losses.get(name)
        return name in self.nodes or (loss is not None and loss.kind in {"lost", "failed"})

    def only(self, workers: Iterable[str]) -> list[MembershipChange]:
        """These are the workers that there still are, after a time in which nothing was heard."""
        gone = self._names.keys() - set(workers)
        loss = NodeLoss("lost", "it was gone when the scheduler could be reached again")
        return [change for worker in sorted(gone) for change in self.worker_gone(worker, loss)]

    def all_gone(self, loss: NodeLoss) -> list[MembershipChange]:
        return [change for name in list(self.nodes) for change in self._left(name, loss)]

    def why(self, name: str) -> NodeLoss | None:
        """Of its last end, also where it is back."""
        return self._losses.get(name)

    def _left(self, name: str, loss: NodeLoss) -> list[MembershipChange]:
        known = self.nodes.pop(name, None)
        if known is None:
            return []
        self._names.pop(known.worker, None)
        self._losses.pop(name, None)
        self._losses[name] = loss
        self._ends[name] = known.worker
        while len(self._losses) > REMEMBERED:
            oldest = next(iter(self._losses))
            del self._losses[oldest]
            del self._ends[oldest]
            self._jobs.pop(oldest, None)
        return [NodeLeft(name, loss)]
