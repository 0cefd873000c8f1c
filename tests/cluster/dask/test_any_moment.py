"""Dask's processes and runs that are killed or stopped at any moment: the job ends, and each stage is committed once.

A run is killed and comes back, as a person would let it; a worker's process is started again by its nanny, a nanny or a
scheduler by this test, as what looks after a cluster would.
"""

import contextlib
import os
import random
import signal
import subprocess
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from pipeline.errors import ExitCode
from pipeline.jobs.events import StageFinished
from pipeline.jobs.job import PlannedJob
from tests.cluster.dask.helpers import BOUND, DaskProcesses, pid_of_worker
from tests.cluster.driver.faults import EXPECTED, NAMES, WORDS, marked_job, marks_of
from tests.conftest import Sandbox, offline
from tests.crash.harness import KILLED, forget_results, orphans
from tests.jobs.helpers import events_of
from tests.test_process import eventually

CLUSTER = """test:
  kind: address
  address: {address}
  node_folder: {folder}/$NODE
"""
WORKERS = ("w0", "w1")
PARTS = ("agent", "nanny", "scheduler", "driver")
BATCHES, EACH = 10, 10  # of moments: a hundred for each part and each signal
STOPS = 4  # of these moments, in one run
LONGEST_STOP = 1.5  # seconds
EACH_ONCE = dict.fromkeys(["first", *WORDS], 1)


@dataclass
class WatchedCluster:
    """A scheduler and two workers, which are started again where they have ended."""

    sandbox: Sandbox
    dask: DaskProcesses
    marks: Path
    run_seconds: float = 0.0  # that a whole run takes here

    def job(self) -> PlannedJob:
        """Of which nothing is known from an earlier one; the nodes know what the project is to them."""
        kept = self.sandbox.root / "cache" / "clusters"
        aside = self.sandbox.root / "clusters"
        if kept.exists():
            kept.rename(aside)
        forget_results(self.sandbox)
        if aside.exists():
            kept.parent.mkdir(exist_ok=True)
            aside.rename(kept)
        return marked_job(self.sandbox, self.marks)

    def begin(self, job: PlannedJob) -> "subprocess.Popen[bytes]":
        return self.sandbox.start("run-pipeline", "-j", job.id, "--cluster", "test")

    def run(self, job: PlannedJob) -> "subprocess.CompletedProcess[bytes]":
        process = self.begin(job)
        out, told = process.communicate(timeout=BOUND)
        return subprocess.CompletedProcess(process.args, process.returncode, out, told)

    def pid(self, part: str) -> int:
        """A worker's own process is the node's agent, and its parent the nanny."""
        if part == "agent":
            return pid_of_worker(self.dask.processes[WORKERS[0]].pid)
        return self.dask.processes[WORKERS[1] if part == "nanny" else part].pid

    def restore(self, part: str) -> None:
        """Start again what was killed. Workers end without their scheduler; their nannies' end isn't waited for."""
        if part in {"agent", "driver"}:
            return  # a nanny, or a person, does it
        names = [WORKERS[1]]
        if part == "scheduler":
            names = list(WORKERS)
            for name in names:
                self.dask.kill(name)
            self.dask.processes["scheduler"].wait(BOUND)
            self.dask.start_scheduler(int(self.dask.address.rpartition(":")[2]))
        for name in names:
            self.dask.processes[name].wait(BOUND)
            self.dask.start_worker(name)

    def require_no_stage(self, where: str) -> None:
        """No process is left of any stage."""

        def left() -> list[str]:
            found = []
            for each in orphans():
                with contextlib.suppress(psutil.Error):
                    words = " ".join(each.cmdline())
                    found += [words] if "run_stage.py" in words or "marked" in words else []
            return found

        assert eventually(lambda: not left(), 30), f"{where}: {left()}"


@pytest.fixture
def cluster(ready: Sandbox, dask: DaskProcesses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WatchedCluster:
    for name, text in offline(tmp_path).items():
        monkeypatch.setenv(name, text)
    cluster = WatchedCluster(ready, dask, tmp_path / "marks")
    dask.start_scheduler()
    ready.write("config/clusters.yaml", CLUSTER.format(address=dask.address, folder=tmp_path / "nodes"))
    for name in WORKERS:
        dask.start_worker(name)
    for _ in range(2):
        began = time.monotonic()
        done = cluster.run(cluster.job())
        assert done.returncode == 0, done.stderr.decode()
        cluster.run_seconds = time.monotonic() - began
    return cluster


@pytest.mark.exhaustive
@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("batch", range(BATCHES))
def test_whatever_is_killed_the_job_ends_and_nothing_is_committed_twice(
    cluster: WatchedCluster, part: str, batch: int
) -> None:
    chance = random.Random(f"{part} {batch}")
    for turn in range(EACH):
        job = cluster.job()
        run = cluster.begin(job)
        moment = chance.uniform(0, cluster.run_seconds)
        where = f"{part}, batch {batch}, turn {turn}: after {moment:.2f} s of {cluster.run_seconds:.2f}"
        time.sleep(moment)
        os.kill(run.pid if part == "driver" else cluster.pid(part), signal.SIGKILL)
        cluster.restore(part)
        _, told = run.communicate(timeout=BOUND)
        ends = {"driver": {0, KILLED}, "scheduler": {0, ExitCode.NOT_READY}}.get(part, {0})
        assert run.returncode in ends, f"{where}: {told.decode()}"
        if run.returncode:
            again = cluster.run(job)
            assert again.returncode == 0, f"{where}: {again.stderr.decode()}"
        require_done(job, where)
        if part == "driver":
            assert marks_of(cluster.marks) == EACH_ONCE, where
        assert all(1 <= number <= 3 for number in marks_of(cluster.marks).values()), where
        cluster.require_no_stage(where)


@pytest.mark.exhaustive
@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("batch", range(BATCHES))
def test_whatever_stands_still_for_a_while_changes_nothing(cluster: WatchedCluster, part: str, batch: int) -> None:
    chance = random.Random(f"stopped {part} {batch}")
    for turn in range(0, EACH, STOPS):
        job = cluster.job()
        run = cluster.begin(job)
        pid = run.pid if part == "driver" else cluster.pid(part)
        pauses = [chance.uniform(0, cluster.run_seconds / STOPS) for _ in range(min(STOPS, EACH - turn))]
        where = f"{part}, batch {batch}, turn {turn}: {pauses} of {cluster.run_seconds:.2f} s"
        for pause in pauses:
            time.sleep(pause)
            os.kill(pid, signal.SIGSTOP)
            time.sleep(chance.uniform(0, LONGEST_STOP))
            os.kill(pid, signal.SIGCONT)
        _, told = run.communicate(timeout=BOUND)
        assert run.returncode == 0, f"{where}: {told.decode()}"
        require_done(job, where)
        assert marks_of(cluster.marks) == EACH_ONCE, where
        cluster.require_no_stage(where)


def require_done(job: PlannedJob, where: str) -> None:
    """Each stage was committed once, and nothing half-written is left."""
    finished = Counter(each.stage for each in events_of(job, StageFinished))
    assert finished == dict.fromkeys(NAMES, 1), where
    (delivered,) = (path for path in job.output.iterdir() if path.is_file())
    assert delivered.read_text() == EXPECTED, where
    left = [path for path in job.folder.rglob("*") if path.name.startswith(".") or path.name == "work"]
    assert not left, where
