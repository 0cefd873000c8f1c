"""SIGKILL of a caller or of its worker at any moment: nothing is left, and nothing waits for long."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from pipeline.executors import servers
from pipeline.executors.runtime_folder import LOG
from tests.conftest import FIXTURES, Sandbox, also
from tests.executors.conftest import servers_in
from tests.test_process import eventually

BOUND = 20.0  # seconds in which all must be over
LONGEST_LIFE = 0.4  # seconds that a caller gets to live
VICTIMS = ("caller", "worker", "keeper")


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    yield tmp_path / "pipeline"
    for process in servers_in(tmp_path / "pipeline"):
        process.kill()


@pytest.mark.parametrize("seed", [0, *also(*range(1, 67))])
@pytest.mark.parametrize("victim", VICTIMS)
def test_nothing_is_left_of_a_caller_or_a_worker_that_is_killed(
    ready: Sandbox, runtime: Path, called: Path, victim: str, seed: int
) -> None:
    # A worker that was just being started for a caller is an idle one afterwards, which ends by itself.
    ready.write("config/pipeline.yaml", "default_workflows: []\nworkers: {idle_seconds: 2}\n")
    chance = random.Random(f"{victim}{seed}")
    words: list[str | Path] = [sys.executable, FIXTURES / "called" / "caller.py", ready.root, called]
    caller = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert caller.stdout is not None
    if victim == "caller" and chance.random() < 0.5:  # while the session begins
        time.sleep(chance.uniform(0, 1))
        caller.kill()
    else:
        worker = psutil.Process(int(caller.stdout.readline()))
        pid = {"caller": caller.pid, "worker": worker.pid, "keeper": worker.ppid()}[victim]
        time.sleep(chance.uniform(0, LONGEST_LIFE))
        os.kill(pid, signal.SIGKILL)
    said, _ = caller.communicate(timeout=BOUND)
    assert victim == "caller" or said.split()[-1] == "WorkerLost"
    assert eventually(lambda: _is_empty(runtime), BOUND), (servers_in(runtime), os.listdir(runtime))
    assert list(Path("/dev/shm").glob("pipeline-call*")) == []


def _is_empty(runtime: Path) -> bool:
    """Whether nobody serves there, and no file is left once it is swept, as the next one does that starts a worker."""
    if servers_in(runtime):
        return False
    if not runtime.exists():
        return True
    servers.sweep(runtime)
    return set(os.listdir(runtime)) <= {LOG}
