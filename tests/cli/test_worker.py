"""``pipeline worker`` on real workers."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.executors.local import LocalExecutor
from tests.conftest import Sandbox
from tests.executors.conftest import servers_in
from tests.executors.helpers import invocation, until_exit
from tests.test_process import eventually


@pytest.fixture
def executor(
    sandbox: Sandbox, spawning: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LocalExecutor]:
    """Its servers are where our commands look for them."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    executor = LocalExecutor(tmp_path)
    yield executor
    executor.stop(grace=0)
    executor.close()
    sandbox.give("pipeline", "worker", "stop", "--all", "--force")
    assert eventually(lambda: not servers_in(tmp_path / "pipeline"))


@pytest.fixture
def never() -> Iterator[int]:
    read, write = os.pipe()
    yield read
    os.close(read)
    os.close(write)


def test_no_worker_is_an_empty_list(sandbox: Sandbox, spawning: None, tmp_path: Path) -> None:
    there = {"XDG_RUNTIME_DIR": str(tmp_path)}
    assert sandbox.give("pipeline", "worker", "list", variables=there).out == "no worker is kept\n"


def test_a_busy_worker_is_listed_with_its_job_and_stops_only_by_force(
    executor: LocalExecutor, never: int, sandbox: Sandbox, tmp_path: Path
) -> None:
    executor.submit(invocation(tmp_path, "print(os.getpid())\ntime.sleep(600)", "worker"))
    log = tmp_path / "stage.log"
    assert eventually(lambda: log.exists() and log.read_text().endswith("\n"))
    (row,) = sandbox.give("pipeline", "worker", "list", "--json").data
    assert (row["pid"], row["state"], row["jobs"]) == (int(log.read_text()), "busy", ["job/test/1"])
    refused = sandbox.give("pipeline", "worker", "stop", str(row["pid"]))
    assert (refused.code, f"pipeline worker stop --force {row['pid']}" in refused.err) == (2, True)
    assert sandbox.give("pipeline", "worker", "stop", "--force", str(row["pid"])).out == "stopped 1 of 1\n"
    (exited,) = until_exit(executor, never)
    assert "lost" in repr(exited)


def test_an_idle_worker_is_listed_and_stops(
    executor: LocalExecutor, never: int, sandbox: Sandbox, tmp_path: Path
) -> None:
    executor.submit(invocation(tmp_path, "pass", "worker"))
    until_exit(executor, never)
    executor.close()
    listed = sandbox.give("pipeline", "worker", "list", "--json").data
    assert [(row["kind"], row["tasks"]) for row in listed] == [("worker", 1)]
    assert sandbox.give("pipeline", "worker", "stop", "--all").out == "stopped 1 of 1\n"
    assert eventually(lambda: os.listdir(tmp_path / "pipeline") == ["workers.log"])


def test_a_pid_that_is_no_worker_is_refused(sandbox: Sandbox, spawning: None, tmp_path: Path) -> None:
    done = sandbox.give("pipeline", "worker", "stop", "1", variables={"XDG_RUNTIME_DIR": str(tmp_path)})
    assert (done.code, "1 is no worker of ours" in done.err) == (2, True)


def test_which_to_stop_must_be_said(sandbox: Sandbox, spawning: None, tmp_path: Path) -> None:
    assert sandbox.give("pipeline", "worker", "stop", variables={"XDG_RUNTIME_DIR": str(tmp_path)}).code == 2
