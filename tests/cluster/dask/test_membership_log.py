"""What threads hear of nodes."""

import pytest

from pipeline.cluster.dask import membership_log
from pipeline.cluster.dask.membership_log import MembershipLog
from pipeline.cluster.dask.node_news import NodeAnnounced, NodeRefused, WorkerEnded
from pipeline.cluster.members import ClusterFailed, NodeExplained, NodeJoined, NodeLeft, NodeLoss
from pipeline.cluster.wire.node_announcement import NodeAnnouncement

KILLED = NodeLoss("failed", "its process was killed by signal 9")


def announced(worker: str = "tcp://w:1", port: int = 1, batch_job: str = "") -> NodeAnnounced:
    node = NodeAnnouncement(name="n", address=f"127.0.0.1:{port}", host="h", batch_job=batch_job)
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


@pytest.mark.parametrize("is_released", [True, False])
def test_what_is_known_later_of_an_end_is_told_where_the_end_was_not_wanted(is_released: bool) -> None:
    book = MembershipLog(lambda: None)
    book.hear(announced(batch_job="7"))
    book.worker_gone("tcp://w:1", is_expected=True)
    book.changes()
    cancelled = NodeLoss("cancelled", "Slurm: job 7 is CANCELLED by 1000")
    book.job_ended("7", cancelled, is_released=is_released)
    assert book.changes() == ([] if is_released else [NodeExplained("n", cancelled)])
    assert book.why("n") == cancelled
