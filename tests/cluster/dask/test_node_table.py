"""Which nodes there are, by what is told of them."""

from pipeline.cluster.dask.node_news import NodeAnnounced, WorkerEnded
from pipeline.cluster.dask.node_table import NodeTable
from pipeline.cluster.members import NodeExplained, NodeJoined, NodeLeft, NodeLoss
from pipeline.cluster.wire.node_announcement import NodeAnnouncement

LOST, MEMORY = NodeLoss("lost", "gone"), NodeLoss("memory", "killed")


def announced(name: str = "n", worker: str = "tcp://w:1", port: int = 1, **more: str) -> NodeAnnounced:
    node = NodeAnnouncement(name=name, address=f"127.0.0.1:{port}", host="h", **more)  # type: ignore[arg-type]
    return NodeAnnounced(worker=worker, dask_name=name, node=node)


def test_a_node_that_announces_itself_again_is_no_news() -> None:
    table = NodeTable()
    assert table.announced(announced()) == [NodeJoined(announced().node)]
    assert table.announced(announced()) == []


def test_a_node_that_came_back_has_left_before() -> None:
    table = NodeTable()
    table.announced(announced())
    left, joined = table.announced(announced(worker="tcp://w:2", port=2))
    assert isinstance(left, NodeLeft)
    assert joined == NodeJoined(announced(port=2).node)
    assert table.worker_gone("tcp://w:1", LOST) == []  # that of before: it is known already
    assert table.worker_gone("tcp://w:2", LOST) == [NodeLeft("n", LOST)]


def test_another_node_in_the_same_worker_replaces_the_one_before() -> None:
    table = NodeTable()
    table.announced(announced("a"))
    assert [type(each) for each in table.announced(announced("b", port=2))] == [NodeLeft, NodeJoined]
    assert list(table.nodes) == ["b"]


def test_the_parent_s_record_explains_a_loss_before_and_after_it_is_known() -> None:
    table = NodeTable()
    table.announced(announced("a"))
    table.announced(announced("b", "tcp://w:2"))
    table.worker_gone("tcp://w:1", LOST)
    assert table.ended(WorkerEnded(worker="tcp://w:1", loss=MEMORY)) == [NodeExplained("a", MEMORY)]
    assert table.why("a") == MEMORY
    assert table.ended(WorkerEnded(worker="tcp://w:2", loss=MEMORY)) == [NodeLeft("b", MEMORY)]
    assert table.worker_gone("tcp://w:2", LOST) == []
    assert table.why("b") == MEMORY


def test_the_end_of_a_worker_is_that_of_the_node_before_also_when_it_is_back() -> None:
    table = NodeTable()
    table.announced(announced())
    table.announced(announced(worker="tcp://w:2", port=2))
    assert table.ended(WorkerEnded(worker="tcp://w:1", loss=MEMORY)) == [NodeExplained("n", MEMORY)]
    assert table.why("n") == MEMORY
    assert list(table.nodes) == ["n"]


def test_the_batch_system_says_more_than_the_connection_and_less_never_replaces_more() -> None:
    table = NodeTable()
    table.announced(announced(batch_job="7"))
    table.worker_gone("tcp://w:1", LOST)
    walltime = NodeLoss("walltime", "job 7: TIMEOUT")
    assert table.job_ended("7", walltime) == [NodeExplained("n", walltime)]
    assert table.why("n") == walltime
    assert table.explain("n", NodeLoss("failed", "signal 9")) == []
    assert table.why("n") == walltime


def test_a_job_s_end_is_the_end_of_its_node() -> None:
    table = NodeTable()
    table.announced(announced(batch_job="7"))
    loss = NodeLoss("preempted", "job 7")
    assert table.job_ended("8", loss) == []
    assert table.job_ended("7", loss) == [NodeLeft("n", loss)]


def test_nodes_that_are_not_there_after_a_break_have_left() -> None:
    table = NodeTable()
    table.announced(announced("a"))
    table.announced(announced("b", "tcp://w:2"))
    assert [each.name for each in table.only({"tcp://w:2"}) if isinstance(each, NodeLeft)] == ["a"]
    assert [each.name for each in table.all_gone(LOST) if isinstance(each, NodeLeft)] == ["b"]
