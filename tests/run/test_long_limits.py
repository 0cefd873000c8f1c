"""Limits of months and more: a system counts a wait in milliseconds of 32 bits, and a limit may be longer."""

import sys

import pytest

from pipeline import process
from tests.conftest import Sandbox

LONG = ["9999999", "1e10", "1e300"]


def run(sandbox: Sandbox, *words: str) -> int:
    job = sandbox.prepare("tested")
    done = sandbox.run("run-pipeline", "-j", job, *words)
    assert "bug" not in done.error, done.err
    return done.code


@pytest.mark.parametrize("seconds", LONG)
def test_a_job_may_have_a_limit_of_any_length(ready: Sandbox, seconds: str) -> None:
    ready.workflow("tested", "noop: {}")
    assert run(ready, f"--timeout={seconds}") == 0


@pytest.mark.parametrize("seconds", ["9999999", "1.0e+10", "1.0e+300"])
@pytest.mark.parametrize("start", ["cold", "worker"])
def test_so_may_a_stage_a_worker_and_the_time_to_end(ready: Sandbox, seconds: str, start: str) -> None:
    ready.write(
        "config/pipeline.yaml",
        f"default_workflows: []\ngrace_seconds: {seconds}\nbuild_minutes: {seconds}\n"
        f"workers: {{idle_seconds: {seconds}}}\n",
    )
    ready.workflow("tested", f"noop: {{timeout_seconds: {seconds}}}", f"timeout_seconds: {seconds}")
    assert run(ready, f"--start={start}", "--force") == 0
    ready.workflow("tested", f"refuses: {{timeout_seconds: {seconds}}}")
    assert run(ready, f"--start={start}") == 4


@pytest.mark.parametrize("seconds", [float(text) for text in LONG])
def test_a_tool_may_have_a_limit_of_any_length(spawning: None, seconds: float) -> None:
    assert process.run([sys.executable, "-c", "print(1)"], {}, seconds).stdout == b"1\n"
