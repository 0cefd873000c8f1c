"""Whom a run waits for, in words."""

import os
import signal
import subprocess

from pipeline.run import other_run
from tests.test_process import eventually


def test_a_run_that_was_stopped_is_told_with_the_ways_to_go_on(spawning: None) -> None:
    with subprocess.Popen(["sleep", "600"]) as other:
        try:
            assert f"process {other.pid}, which began at " in other_run.described(other.pid)
            assert "kill" not in other_run.described(other.pid)
            os.kill(other.pid, signal.SIGSTOP)
            eventually(lambda: f"kill -CONT {other.pid}" in other_run.described(other.pid))
        finally:
            other.kill()
    assert other_run.described(other.pid) == f"process {other.pid} makes the same result"
    assert other_run.described(None) == "another run makes the same result"
