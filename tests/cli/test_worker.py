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
    assert sandbox.give("pipeline", "worker", "list", "--json", variables=there).data == []


def test_a_busy_worker_is_listed_with_its_job_and_stops_only_by_force(
    executor: LocalExecutor, never: int, sandbox: Sandbox, tmp_path: Path
) -> None:
    executor.submit(invocation(tmp_path, "print(os.getpid())\ntime.sleep(600)", "worker"))
    log = tmp_path / "stage.log"
    assert eventually(lambda: log.exists() and log.read_text().endswith("\n"))
    (row,) = sandbox.give("pipeline", "worker", "list", "--json").data
    assert (row["pid"], row["state"], row["jobs"]) == (int(log.read_text()), "busy", ["job/test/1"])
    refused = sandbox.give("pipeline", "worker", "stop", str(row["pid"]))
    assert (refused.code, refused.next_step) == (2, f"pipeline worker stop --force {row['pid']}")
    assert sandbox.give("pipeline", "worker", "stop", "--force", str(row["pid"])).out == "stopped 1 of 1\n"
    (exited,) = until_exit(executor, never)
    assert "lost" in repr(exited)


def test_an_idle_worker_is_listed_and_stops(
    executor: LocalExecutor, never: int, sandbox: Sandbox, tmp_path: Path
) -> None:
    executor.submit(invocation(tmp_path, "pass", "worker"))
    until_exit(executor, never)
    executor.close()

    def listed() -> list[tuple[str, str, int]]:
        rows = sandbox.give("pipeline", "worker", "list", "--json").data
        return [(row["kind"], row["state"], row["tasks"]) for row in rows]

    assert eventually(lambda: listed() == [("worker", "idle", 1)])  # soon after the run has let it go
    assert sandbox.give("pipeline", "worker", "stop", "--all").out == "stopped 1 of 1\n"
    assert eventually(lambda: os.listdir(tmp_path / "pipeline") == ["workers.log"])


def test_a_pid_that_is_no_worker_is_refused(sandbox: Sandbox, spawning: None, tmp_path: Path) -> None:
    done = sandbox.give("pipeline", "worker", "stop", "1", variables={"XDG_RUNTIME_DIR": str(tmp_path)})
    assert (done.code, done.next_step) == (2, "pipeline worker list")


def test_which_to_stop_must_be_said(sandbox: Sandbox, spawning: None, tmp_path: Path) -> None:
    done = sandbox.give("pipeline", "worker", "stop", variables={"XDG_RUNTIME_DIR": str(tmp_path)})
    assert (done.code, done.next_step) == (2, "pipeline worker list")
