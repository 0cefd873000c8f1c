"""What a run looks like on a terminal."""

import os
import pty
import select
import subprocess

from tests.conftest import BIN, Sandbox
from tests.jobs.helpers import prepared


def on_terminal(sandbox: Sandbox, *words: str) -> tuple[int, str]:
    """Run a command with a terminal for all its streams; returns its exit code and what was shown."""
    ours, theirs = pty.openpty()
    variables = {**os.environ, "PIPELINE_ROOT": str(sandbox.root), "TERM": "xterm", "COLUMNS": "200"}
    with subprocess.Popen(
        [BIN / words[0], *words[1:]], env=variables, stdin=theirs, stdout=theirs, stderr=theirs
    ) as child:
        os.close(theirs)
        shown = b""
        while select.select([ours], [], [], 30)[0]:
            try:
                shown += os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
    os.close(ours)
    return child.returncode, shown.decode()


def test_a_run_is_told_and_the_cursor_comes_back(ready: Sandbox, spawning: None) -> None:
    ready.workflow("tested", "says: {}\nnoop: {after: [says]}")
    code, shown = on_terminal(ready, "run-pipeline", "-j", prepared(ready, "tested").id)
    assert code == 0
    assert "says: " in shown
    assert "something to know" in shown
    assert shown.rfind("\x1b[?25h") > shown.rfind("\x1b[?25l")


def test_a_failure_is_told_and_the_cursor_comes_back(ready: Sandbox, spawning: None) -> None:
    ready.workflow("tested", "fails: {}")
    code, shown = on_terminal(ready, "run-pipeline", "-j", prepared(ready, "tested").id)
    assert code == 4
    assert "this stage always fails" in shown
    assert shown.rfind("\x1b[?25h") > shown.rfind("\x1b[?25l")


def test_what_stops_a_run_before_its_first_stage_gives_the_cursor_back(ready: Sandbox, spawning: None) -> None:
    ready.workflow("tested", "noop: {}")
    job = prepared(ready, "tested")
    (ready.root / "venv").unlink()
    code, shown = on_terminal(ready, "run-pipeline", "-j", job.id)
    assert code == 3
    assert "environment 'alpha'" in shown
    assert shown.rfind("\x1b[?25h") >= shown.rfind("\x1b[?25l")
