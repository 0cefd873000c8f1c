"""What is known of a cluster's nodes, for threads: changes that the run hasn't had yet, nodes, ends and problems."""

import threading
import time
from collections.abc import Callable

from pipeline.cluster.dask.node_news import AnyNodeNews, NodeAnnounced, NodeRefused, WorkerEnded
from pipeline.cluster.dask.node_table import MemberNode, NodeTable
from pipeline.cluster.members import (
    ClusterFailed,
    ClusterNotice,
    MembershipChange,
    NodeExplained,
    NodeLeft,
    NodeLoss,
    NodeUnusable,
)
from pipeline.cluster.wire.node_announcement import VERSION

BACK_SECONDS = 30.0
EXPECTED = NodeLoss("lost", "its worker was ended")
UNEXPECTED = NodeLoss("lost", "the connection to its worker broke")
OTHER_VERSION = "it has another version of pipeline; install the same one there"
NO_SCHEDULER = NodeLoss("lost", "the scheduler of its cluster is gone")


class MembershipLog:
    """``wake`` is called when there are changes, and may not wait."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._lock = threading.Lock()
        self._changes: list[MembershipChange] = []
        self._table = NodeTable()
        self._problems: dict[str, str] = {}  # by node or worker
        self._left_at: dict[str, float] = {}  # by node, on this machine's clock that never jumps
        self._came: set[str] = set()  # Dask's names of workers whose node was there

    def changes(self) -> list[MembershipChange]:
        """Those since the last call."""
        with self._lock:
            found, self._changes = self._changes, []
        return found

    def why(self, name: str) -> NodeLoss | None:
        """Of a node that is gone; of one that is back only for a while, since it may be lost again."""
        with self._lock:
            is_old = time.monotonic() - self._left_at.get(name, 0.0) > BACK_SECONDS
            return None if name in self._table.nodes and is_old else self._table.why(name)

    def nodes(self) -> list[MemberNode]:
        with self._lock:
            return list(self._table.nodes.values())

    def joined(self) -> set[str]:
        """Dask's names of workers whose node is there."""
        return {each.dask_name for each in self.nodes()}

    def came(self, dask_name: str) -> bool:
        """Whether its node ever was there."""
        with self._lock:
            return dask_name in self._came

    def problems(self) -> dict[str, str]:
        with self._lock:
            return dict(self._problems)

    def jobs(self) -> set[str]:
        """The batch system's, of nodes that are there, or gone and nobody knows why."""
        with self._lock:
            return self._table.jobs()

    def hear(self, news: AnyNodeNews) -> None:
        with self._lock:
            if isinstance(news, NodeAnnounced):
                self._problems.pop(news.worker, None)
                self._problems.pop(news.dask_name, None)
                self._came.add(news.dask_name)
                if news.node.version == VERSION:
                    self._add(self._table.announced(news))
                else:
                    self._refuse(news.worker, news.node.name, OTHER_VERSION)
            elif isinstance(news, WorkerEnded):
                self._add(self._table.ended(news))
            elif isinstance(news, NodeRefused):
                self._refuse(news.worker, news.worker, news.words)

    def _refuse(self, worker: str, name: str, words: str) -> None:
        """With the lock."""
        self._problems[worker] = words
        self._add([NodeUnusable(name, words)])

    def worker_gone(self, worker: str, is_expected: bool) -> None:
        with self._lock:
            self._problems.pop(worker, None)
            self._add(self._table.worker_gone(worker, EXPECTED if is_expected else UNEXPECTED))

    def only(self, workers: set[str]) -> None:
        """These are all workers that there are, after a time in which nothing was heard."""
        with self._lock:
            self._add(self._table.only(workers))

    def scheduler_gone(self) -> None:
        with self._lock:
            self._add(self._table.all_gone(NO_SCHEDULER))

    def job_ended(self, job: str, loss: NodeLoss, is_released: bool) -> None:
        """That a node which was released has ended so is no news."""
        with self._lock:
            changes = self._table.job_ended(job, loss)
            self._add([each for each in changes if not (is_released and isinstance(each, NodeExplained))])

    def notice(self, words: str) -> None:
        """Of the cluster, and of no node."""
        with self._lock:
            self._add([ClusterNotice(words)])

    def note_problem(self, name: str, words: str) -> None:
        with self._lock:
            if self._problems.get(name) != words:
                self._problems[name] = words
                self._add([ClusterNotice(f"{name}: {words}")])

    def fail(self, failure: ClusterFailed) -> None:
        with self._lock:
            self._add([failure])

    def _add(self, changes: list[MembershipChange]) -> None:
        """With the lock."""
        if changes:
            self._left_at |= {each.name: time.monotonic() for each in changes if isinstance(each, NodeLeft)}
            self._changes += changes
            self._wake()
