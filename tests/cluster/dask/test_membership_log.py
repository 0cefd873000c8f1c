"""What threads hear of nodes."""

import pytest

from pipeline.cluster.dask import membership_log
from pipeline.cluster.dask.membership_log import MembershipLog
from pipeline.cluster.dask.node_news import NodeAnnounced, NodeRefused, WorkerEnded
from pipeline.cluster.members import ClusterFailed, NodeJoined, NodeLeft, NodeLoss
from pipeline.cluster.wire.node_announcement import NodeAnnouncement

KILLED = NodeLoss("failed", "its process was killed by signal 9")


def announced(worker: str = "tcp://w:1", port: int = 1) -> NodeAnnounced:
    node = NodeAnnouncement(name="n", address=f"127.0.0.1:{port}", host="h")
    return NodeAnnounced(worker=worker, dask_name="n", node=node)


def test_each_change_is_told_once_and_wakes_the_run() -> None:
    woken: list[None] = []
    book = MembershipLog(lambda: woken.append(None))
    book.hear(announced())
    book.hear(announced())
    book.worker_gone("tcp://w:1", is_expected=False)
    assert [type(each) for each in book.changes()] == [NodeJoined, NodeLeft]
    assert book.changes() == []
    assert len(woken) == 2
    book.fail(ClusterFailed("no more"))
    assert book.changes() == [ClusterFailed("no more")]


def test_the_end_of_a_node_that_is_back_is_told_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    book = MembershipLog(lambda: None)
    book.hear(announced())
    book.worker_gone("tcp://w:1", is_expected=False)
    book.hear(WorkerEnded(worker="tcp://w:1", loss=KILLED))
    book.hear(announced("tcp://w:2", 2))
    assert book.why("n") == KILLED
    monkeypatch.setattr(membership_log, "BACK_SECONDS", 0.0)
    assert book.why("n") is None  # it may be lost again, and nobody knows why yet


def test_a_problem_is_over_when_a_node_comes_or_its_worker_goes() -> None:
    book = MembershipLog(lambda: None)
    for worker in ("tcp://w:1", "tcp://w:2"):
        book.hear(NodeRefused(worker=worker, words="no room"))
    book.note_problem("n", "it hasn't come")
    assert len(book.problems()) == 3
    book.hear(announced())
    book.worker_gone("tcp://w:2", is_expected=True)
    assert book.problems() == {}
