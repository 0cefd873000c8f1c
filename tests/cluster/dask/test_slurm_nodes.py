"""Nodes as jobs of a Slurm that takes, refuses, ends, requeues and loses them."""

import os
import signal
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import dask.config
import pytest

from pipeline.cluster.definitions.cluster_definition import ClusterDefinition, NodeRange, SlurmJobs
from pipeline.cluster.members import LossKind, NodeLoss
from tests.cluster.dask import fake_slurm
from tests.cluster.dask.fake_slurm import FakeJobs
from tests.cluster.dask.helpers import Follower, following, pid_of_worker, wait_for


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spawning: None) -> Iterator[FakeJobs]:
    folder = tmp_path / "slurm"
    folder.mkdir()
    fake_slurm.install(tmp_path / "slurm-bin")
    monkeypatch.setenv("PATH", f"{tmp_path / 'slurm-bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("FAKE_SLURM", str(folder))
    jobs = FakeJobs(folder)
    try:
        yield jobs
    finally:
        (folder / "hold").unlink(missing_ok=True)
        for id in jobs.all():
            jobs.end(id, "CANCELLED")


def definition(folder: Path, nodes: int = 1, **more: object) -> ClusterDefinition:
    import sys

    jobs = {"python": sys.executable, "walltime": "01:00:00", "listen": "127.0.0.1", "poll_seconds": 1.0, **more}
    return ClusterDefinition(
        name="hpc",
        deployment=SlurmJobs(cpus=1, memory=1 << 30, **jobs),  # type: ignore[arg-type]
        nodes=NodeRange(nodes, 4),
        node_folder=str(folder / "nodes" / "$NODE"),
        start_seconds=5.0,
    )


def known_loss(follower: Follower, name: str, kind: LossKind) -> NodeLoss:
    """What is known in the end, whichever evidence came first."""

    def look() -> list[NodeLoss]:
        told = [follower.left(name).loss, follower.members.why(name)]
        return [each for each in told if each is not None and each.kind == kind]

    return wait_for(look)[0]


@pytest.mark.parametrize(
    ("state", "kind"),
    [("TIMEOUT", "walltime"), ("OUT_OF_MEMORY", "memory"), ("PREEMPTED", "preempted"), ("CANCELLED by 0", "cancelled")],
)
def test_a_job_that_slurm_ends_is_told_by_its_kind_and_replaced(
    slurm: FakeJobs, tmp_path: Path, state: str, kind: LossKind
) -> None:
    with following(definition(tmp_path), tmp_path) as follower:
        node = follower.joined("hpc-0").node
        assert node.batch_job == "1"
        assert node.seconds_left is not None
        assert 3000 < node.seconds_left <= 3600 - 120  # it drains before the end
        slurm.end("1", state)
        assert state in known_loss(follower, "hpc-0", kind).words
        wait_for(lambda: [each for each in follower.members.nodes() if each.node.batch_job == "2"])


def test_a_requeued_job_is_told_and_its_node_comes_back(slurm: FakeJobs, tmp_path: Path) -> None:
    with following(definition(tmp_path), tmp_path) as follower:
        follower.joined("hpc-0")
        wait_for(lambda: slurm.all()["1"]["state"] == "RUNNING")
        (slurm.folder / "hold").touch()
        follower.members._loop.call_soon_threadsafe(follower.members._batch.look_soon)
        slurm.requeue("1")
        follower.left("hpc-0")
        slurm.start_again("1")
        (slurm.folder / "hold").unlink()
        assert follower.joined("hpc-0", 2).node.batch_job == "1"
        assert list(slurm.all()) == ["1"]  # Slurm runs it again, so no other one is needed


def test_a_job_that_vanishes_is_noticed_and_replaced(slurm: FakeJobs, tmp_path: Path) -> None:
    with following(definition(tmp_path), tmp_path) as follower:
        follower.joined("hpc-0")
        slurm.vanish("1")
        follower.left("hpc-0")
        why = wait_for(lambda: [loss for loss in [follower.members.why("hpc-0")] if loss and "neither" in loss.words])
        assert why[0].words == "job 1 is neither in Slurm's queue nor in its accounting"
        wait_for(follower.members.nodes)


def test_without_accounting_the_controller_is_asked(slurm: FakeJobs, tmp_path: Path) -> None:
    (slurm.folder / "no-accounting").touch()
    with following(definition(tmp_path), tmp_path) as follower:
        follower.joined("hpc-0")
        slurm.end("1", "TIMEOUT")
        assert "TIMEOUT" in known_loss(follower, "hpc-0", "walltime").words


def test_a_job_that_waits_for_long_is_told(slurm: FakeJobs, tmp_path: Path) -> None:
    (slurm.folder / "hold").touch()
    with following(definition(tmp_path), tmp_path) as follower:
        assert "hasn't come" in wait_for(follower.members.problems)["hpc-0"]
        (slurm.folder / "hold").unlink()
        follower.joined("hpc-0")
        assert follower.members.problems() == {}


def test_sbatch_is_asked_again_when_it_is_busy_and_never_twice_at_once(slurm: FakeJobs, tmp_path: Path) -> None:
    (slurm.folder / "refusals").write_text("1")
    with following(definition(tmp_path, 2, submit_pause=0.3), tmp_path) as follower:
        wait_for(lambda: len(slurm.all()) == 2)
        times = [float(line) for line in (slurm.folder / "submitted").read_text().split()]
        assert len(times) == 3
        assert all(after - before >= 0.3 for before, after in pairwise(times))
        for name in ("hpc-0", "hpc-1"):
            follower.joined(name)


def test_jobs_that_end_at_once_end_the_cluster_with_slurm_s_words(slurm: FakeJobs, tmp_path: Path) -> None:
    with following(definition(tmp_path, python="/no/such/python"), tmp_path) as follower:
        failure = follower.failed()
        assert "no node can be started: Slurm: job" in failure.words
        assert "FAILED, exit code 127:0" in failure.words
        logs = list((tmp_path / "logs").glob("pipeline-hpc-*.err"))
        assert any("no such" in log.read_text().lower() for log in logs)


def test_a_worker_drains_and_ends_its_job_before_the_walltime(slurm: FakeJobs, tmp_path: Path) -> None:
    limits = definition(tmp_path, walltime="00:01:00", drain_seconds=40.0)
    with following(limits, tmp_path) as follower:
        follower.joined("hpc-0")
        wait_for(lambda: slurm.all()["1"]["state"] != "RUNNING")
        assert slurm.all()["1"]["state"] == "COMPLETED"  # nothing ran, so it ended long before its end
        wait_for(lambda: "2" in slurm.all())


def test_what_the_kernel_or_a_person_kills_is_told_by_the_parent(slurm: FakeJobs, tmp_path: Path) -> None:
    is_long = dask.config.set({"distributed.deploy.lost-worker-timeout": "60s"})  # until another one takes its place
    with is_long, following(definition(tmp_path), tmp_path) as follower:
        follower.joined("hpc-0")
        follower.watched("hpc-0")
        os.kill(pid_of_worker(slurm.all()["1"]["pid"]), signal.SIGKILL)
        known_loss(follower, "hpc-0", "failed")
        follower.joined("hpc-0", 2)  # its nanny starts it again
        assert list(slurm.all()) == ["1"]


def test_nothing_is_left_in_the_queue_of_a_run_that_is_over(slurm: FakeJobs, tmp_path: Path) -> None:
    with following(definition(tmp_path, 2), tmp_path) as follower:
        follower.joined("hpc-0")
    assert {job["state"] for job in slurm.all().values()} <= {"CANCELLED by 1000", "COMPLETED"}
