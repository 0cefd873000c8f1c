"""How many nodes there shall be."""

from pipeline.cluster.dask.scaling import FAILURES, Scaling
from pipeline.cluster.definitions.cluster_definition import NodeRange


def test_up_at_once_and_never_beyond_the_most() -> None:
    scaling = Scaling(NodeRange(0, 5), 60)
    assert scaling.target(0, 0.0) == 0
    scaling.want(3)
    assert scaling.target(0, 0.0) == 3
    scaling.want(100)
    assert scaling.target(3, 0.0) == 5


def test_down_only_after_a_time_without_a_break() -> None:
    scaling = Scaling(NodeRange(1, 5), 60)
    scaling.want(4)
    scaling.target(4, 0.0)
    scaling.want(0)
    assert scaling.target(4, 10.0) == 4
    assert scaling.target(4, 69.0) == 4
    scaling.want(4)
    assert scaling.target(4, 69.5) == 4
    scaling.want(0)
    assert scaling.target(4, 75.0) == 4  # the time begins again
    assert scaling.target(4, 135.0) == 1


def test_a_node_that_can_not_be_started_is_not_tried_again_at_once() -> None:
    scaling = Scaling(NodeRange(0, 5), 60)
    scaling.want(2)
    scaling.failed(100.0)
    assert scaling.target(1, 101.0) == 1
    assert scaling.target(1, 106.0) == 2
    assert not scaling.is_hopeless


def test_where_none_can_be_started_there_is_no_hope_until_one_comes() -> None:
    scaling = Scaling(NodeRange(0, 5), 60)
    for number in range(FAILURES):
        scaling.failed(float(number))
    assert scaling.is_hopeless
    scaling.joined()
    assert not scaling.is_hopeless
