"""Closed streams, and names that a terminal can't show, never change what a command does."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.conftest import BIN, REPOSITORY, Sandbox

CLOSED = ["2>&-", ">&-", "<&-", ">&- 2>&-", "<&- >&- 2>&-"]


def shell(sandbox: Sandbox, line: str) -> int:
    variables = {**os.environ, "PIPELINE_ROOT": str(sandbox.root), "PATH": f"{BIN}:{os.environ['PATH']}"}
    return subprocess.run(["bash", "-c", line], env=variables, timeout=120, check=False).returncode


@pytest.mark.parametrize("closed", CLOSED)
def test_a_job_is_prepared_and_run_all_the_same(ready: Sandbox, closed: str) -> None:
    ready.workflow("tested", "says: {}\nnoop: {after: [says]}")
    (ready.root / "input.txt").write_text("x")
    assert shell(ready, f"prepare-job {ready.root}/input.txt --workflow tested {closed}") == 0
    (job,) = os.listdir(ready.root / "jobs")
    assert shell(ready, f"run-pipeline -j {job} {closed}") == 0
    assert [event["event"] for event in ready.events(job)][-1] == "run_finished"
    folder = ready.job(job)
    assert set(os.listdir(folder / "stages")) == {"says", "noop"}


@pytest.mark.parametrize("closed", CLOSED)
def test_a_mistake_keeps_its_exit_code(ready: Sandbox, closed: str) -> None:
    assert shell(ready, f"run-pipeline -j nowhere {closed}") == 2
    assert shell(ready, f"pipeline env list {closed}") == 0
    assert shell(ready, f"bootstrap --env nowhere {closed}") == 2


@pytest.mark.parametrize("closed", CLOSED)
def test_set_up_is_not_stopped_by_a_closed_stream(spawning: None, closed: str) -> None:
    """What it says goes nowhere, and what it does is done."""
    line = f'(. "{REPOSITORY}/scripts/setup.sh"; echo said >&2; echo said; read line || true; exit 7) {closed}'
    assert subprocess.run(["bash", "-euc", line], timeout=60, check=False).returncode == 7


def test_a_name_that_no_encoding_has_is_shown_escaped(ready: Sandbox, tmp_path: Path) -> None:
    target = os.fsencode(tmp_path) + b"/\xff\xe2\x86\x92.json"
    done = ready.run(
        "pipeline", "env", "sbom", "alpha", "-o", os.fsdecode(target), variables={"PYTHONIOENCODING": "ascii"}
    )
    assert done.code == 0, done.err
    assert os.path.exists(target)
