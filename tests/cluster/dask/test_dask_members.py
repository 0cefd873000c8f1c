"""Nodes of real schedulers and workers: they come, go, are killed, and are found again."""

import os
import signal
import time
from pathlib import Path

from pipeline.cluster.definitions.cluster_definition import (
    ClusterDefinition,
    LocalProcesses,
    NodeRange,
    SchedulerAddress,
)
from pipeline.cluster.definitions.cluster_secrets import ClusterSecrets
from pipeline.cluster.members import NodeJoined
from pipeline.cluster.node_client import NodeClient
from tests.cluster.dask.helpers import DaskProcesses, following, pid_of_worker, wait_for

NOWHERE = "blake3:" + "0" * 64


def local(folder: Path, nodes: NodeRange, **more: float) -> ClusterDefinition:
    deployment = LocalProcesses(1, 1 << 30)
    return ClusterDefinition(
        name="desk",
        deployment=deployment,
        nodes=nodes,
        node_folder=str(folder / "nodes"),
        **more,  # type: ignore[arg-type]
    )


def running_already(dask: DaskProcesses, folder: Path) -> ClusterDefinition:
    node_folder = str(folder / "nodes" / "$NODE")
    return ClusterDefinition(
        name="lab", deployment=SchedulerAddress(dask.address), node_folder=node_folder, labels=("node=small",)
    )


def test_workers_of_a_scheduler_become_nodes_also_those_that_come_later(dask: DaskProcesses, tmp_path: Path) -> None:
    dask.start_scheduler()
    dask.start_worker("first")
    with following(running_already(dask, tmp_path), tmp_path) as follower:
        node = follower.joined("first").node
        assert (node.cpus, node.memory, node.labels) == (1, 1 << 30, ("node=small",))
        dask.start_worker("second")
        follower.joined("second")
        for name in ("first", "second"):
            assert follower.client(name).contents.received(NOWHERE) == 0  # its agent answers
        folders = {path.name for path in (tmp_path / "nodes").iterdir()}
        assert folders == {"first", "second"}


def test_a_killed_worker_is_told_with_its_parent_s_record_and_comes_back(dask: DaskProcesses, tmp_path: Path) -> None:
    dask.start_scheduler()
    dask.start_worker("first")
    with following(running_already(dask, tmp_path), tmp_path) as follower:
        before = follower.joined("first").node
        follower.watched("first")
        os.kill(pid_of_worker(dask.processes["first"].pid), signal.SIGKILL)
        left = follower.left("first")
        after = follower.joined("first", 2).node
        assert after.address != before.address
        why = follower.members.why("first")
        assert why is not None
        assert (why.kind, why.words) == ("failed", "its process was killed by signal 9")
        kinds = [type(each) for each in follower.heard]
        assert kinds.index(type(left)) < len(kinds) - 1  # it has left before it came back


def test_a_driver_that_comes_back_finds_the_same_agents(dask: DaskProcesses, tmp_path: Path) -> None:
    dask.start_scheduler()
    dask.start_worker("first")
    definition = running_already(dask, tmp_path)
    with following(definition, tmp_path) as follower:
        before = follower.joined("first").node
    token = ClusterSecrets(tmp_path / "secrets").token()
    assert NodeClient(before.address, token).contents.received(NOWHERE) == 0  # it lives on without a driver
    with following(definition, tmp_path) as follower:
        assert follower.joined("first").node.address == before.address


def test_another_project_gets_nodes_and_a_folder_of_its_own(dask: DaskProcesses, tmp_path: Path) -> None:
    dask.start_scheduler()
    dask.start_worker("first")
    definition = running_already(dask, tmp_path)
    with following(definition, tmp_path / "one") as one, following(definition, tmp_path / "two") as two:
        addresses = {follower.joined("first").node.address for follower in (one, two)}
        assert len(addresses) == 2
        assert len(list((tmp_path / "nodes" / "first").iterdir())) == 2


def test_two_workers_with_one_folder_are_one_node_and_the_other_takes_over(dask: DaskProcesses, tmp_path: Path) -> None:
    dask.start_scheduler()
    definition = ClusterDefinition(
        name="lab", deployment=SchedulerAddress(dask.address), node_folder=str(tmp_path / "one-folder")
    )
    dask.start_worker("a")
    with following(definition, tmp_path) as follower:
        follower.joined("a")
        dask.start_worker("b", "--no-nanny")
        problems = wait_for(follower.members.problems)
        assert "in use by" in next(iter(problems.values()))
        assert [each.node.name for each in follower.members.nodes()] == ["a"]
        dask.kill("a")
        follower.left("a")
        follower.joined("b")
        assert follower.members.problems() == {}


def test_a_scheduler_that_is_killed_ends_the_cluster_for_a_run(dask: DaskProcesses, tmp_path: Path) -> None:
    dask.start_scheduler()
    dask.start_worker("first")
    with following(running_already(dask, tmp_path), tmp_path) as follower:
        follower.joined("first")
        dask.kill("scheduler")
        failure = follower.failed()
        assert "is gone" in failure.words
        assert failure.next_step
        assert follower.left("first").loss.kind == "lost"


def test_where_nothing_listens_that_is_told_at_once(tmp_path: Path) -> None:
    definition = ClusterDefinition(name="lab", deployment=SchedulerAddress("tcp://127.0.0.1:9"))
    with following(definition, tmp_path) as follower:
        assert "no scheduler can be reached at tcp://127.0.0.1:9" in follower.failed().words


def test_a_folder_that_can_not_be_is_told_and_is_no_node(dask: DaskProcesses, tmp_path: Path) -> None:
    dask.start_scheduler()
    dask.start_worker("first")
    definition = ClusterDefinition(
        name="lab", deployment=SchedulerAddress(dask.address), node_folder="$NO_SUCH_VARIABLE/x"
    )
    with following(definition, tmp_path) as follower:
        problems = wait_for(follower.members.problems)
        assert "$NO_SUCH_VARIABLE isn't set on the node" in next(iter(problems.values()))


def test_nodes_are_made_as_they_are_wanted_and_idle_ones_given_back(spawning: None, tmp_path: Path) -> None:
    with following(local(tmp_path, NodeRange(0, 2), idle_seconds=1.0), tmp_path) as follower:
        time.sleep(1.5)
        assert follower.look() == []  # nothing was wanted
        follower.members.want(2)
        for name in ("desk-0", "desk-1"):
            follower.joined(name)
        follower.members.want(1)
        follower.left("desk-1")
        assert [each.node.name for each in follower.members.nodes()] == ["desk-0"]
        follower.members.want(5)
        wait_for(lambda: len([each for each in follower.look() if isinstance(each, NodeJoined)]) == 3)


def test_nothing_of_a_made_cluster_outlives_it(spawning: None, tmp_path: Path) -> None:
    import psutil

    with following(local(tmp_path, NodeRange(1, 1)), tmp_path) as follower:
        follower.joined("desk-0")
        own = [each for each in psutil.Process().children(recursive=True) if "dask" in " ".join(each.cmdline())]
        assert own
    _, alive = psutil.wait_procs(own, timeout=10)
    assert alive == []


def test_nodes_that_can_not_be_started_end_the_cluster_with_their_words(spawning: None, tmp_path: Path) -> None:
    definition = local(tmp_path, NodeRange(1, 1))
    blocked = tmp_path / "secrets" / "scratch"
    blocked.parent.mkdir()
    blocked.write_text("no folder")  # the worker can't make its scratch space here
    with following(definition, tmp_path) as follower:
        failure = follower.failed()
        assert "no node can be started: its process ended with" in failure.words
        assert failure.next_step == "pipeline cluster show desk --start"
