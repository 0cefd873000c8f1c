"""``run-pipeline`` on a Dask cluster whose parts are killed: the job ends, and nothing is committed twice."""

import json
import os
import signal
from collections import Counter
from pathlib import Path

import pytest

from pipeline.errors import ExitCode
from pipeline.jobs.events import StageFinished, StageStarted
from pipeline.jobs.job import PlannedJob
from tests.cluster.dask.helpers import DaskProcesses, pid_of_worker, wait_for
from tests.cluster.driver.faults import EXPECTED, NAMES, marked_job, marks_of
from tests.conftest import Sandbox, offline
from tests.jobs.helpers import events_of

CLUSTER = """test:
  kind: address
  address: {address}
  node_folder: {folder}/$NODE
"""
WORKERS = ("w0", "w1")


@pytest.fixture(autouse=True)
def _index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the fixture's packages are there, for runs and for nodes."""
    for name, text in offline(tmp_path).items():
        monkeypatch.setenv(name, text)


@pytest.fixture
def job(ready: Sandbox, dask: DaskProcesses, tmp_path: Path) -> PlannedJob:
    """On a cluster with two workers. Each stage takes a second, and leaves a mark each time that it runs."""
    dask.start_scheduler()
    for name in WORKERS:
        dask.start_worker(name)
    ready.write("config/clusters.yaml", CLUSTER.format(address=dask.address, folder=tmp_path / "nodes"))
    return marked_job(ready, tmp_path / "marks", seconds=1.0)


def words(job: PlannedJob) -> tuple[str, ...]:
    return "run-pipeline", "-j", job.id, "--cluster", "test"


def first_begins(job: PlannedJob, marks: Path) -> str:
    """The node on which the first stage runs now."""
    wait_for(lambda: marks_of(marks)["first"])
    (started,) = [each for each in events_of(job, StageStarted) if each.stage == "first"]
    return started.node


def require_done(job: PlannedJob) -> None:
    finished = Counter(each.stage for each in events_of(job, StageFinished))
    assert finished == dict.fromkeys(NAMES, 1)
    (delivered,) = (path for path in job.output.iterdir() if path.is_file())
    assert delivered.read_text() == EXPECTED


def test_the_cluster_is_shown_with_what_runs_on_its_nodes(ready: Sandbox, job: PlannedJob, tmp_path: Path) -> None:
    job = marked_job(ready, tmp_path / "marks", seconds=300.0)  # longer than this test takes
    run = ready.start(*words(job))
    node = first_begins(job, tmp_path / "marks")
    shown = ready.run("pipeline", "cluster", "show", "test", "--json")
    rows = {each["name"]: each["runs"] for each in json.loads(shown.out)["data"]["now"]}
    assert rows.pop(node) == [{"job": job.id, "stage": "first"}], shown
    assert list(rows.values()) == [[]]
    assert f"{job.id} first" in ready.run("pipeline", "cluster", "show", "test").out
    run.send_signal(signal.SIGINT)
    run.communicate(timeout=120)
    assert f"{job.id} first" not in ready.run("pipeline", "cluster", "show", "test").out


def test_a_worker_that_is_killed_loses_its_stage_to_the_other_one(
    ready: Sandbox, dask: DaskProcesses, job: PlannedJob, tmp_path: Path
) -> None:
    run = ready.start(*words(job))
    node = first_begins(job, tmp_path / "marks")
    dask_name = next(name for name in WORKERS if name in node)
    os.kill(pid_of_worker(dask.processes[dask_name].pid), signal.SIGKILL)
    _, told = run.communicate(timeout=120)
    assert run.returncode == 0, told.decode()
    assert f"node {node} is lost" in told.decode() or f"node {node} has left" in told.decode()
    require_done(job)
    assert marks_of(tmp_path / "marks")["first"] == 2


def test_a_run_whose_scheduler_is_killed_says_so_and_goes_on_with_another_one(
    ready: Sandbox, dask: DaskProcesses, job: PlannedJob, tmp_path: Path
) -> None:
    run = ready.start(*words(job))
    first_begins(job, tmp_path / "marks")
    dask.kill("scheduler")
    _, told = run.communicate(timeout=120)
    assert run.returncode == ExitCode.NOT_READY, told.decode()
    assert "the scheduler at" in told.decode()
    for name in WORKERS:
        dask.kill(name)
    dask.start_scheduler(int(dask.address.rpartition(":")[2]))
    for name in WORKERS:
        dask.start_worker(name)
    again = ready.run(*words(job))
    assert again.code == 0, again.err
    require_done(job)


def test_a_run_that_was_killed_comes_back_and_finds_what_still_runs(
    ready: Sandbox, job: PlannedJob, tmp_path: Path
) -> None:
    run = ready.start(*words(job))
    node = first_begins(job, tmp_path / "marks")
    run.kill()
    run.communicate(timeout=30)
    again = ready.run(*words(job))
    assert again.code == 0, again.err
    require_done(job)
    assert marks_of(tmp_path / "marks")["first"] == 1  # it went on, and was taken over
    assert {each.node for each in events_of(job, StageStarted) if each.stage == "first"} == {node}
