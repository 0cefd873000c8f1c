"""Stages that fail, or end in an odd way: what a person is told, and what is left of them."""

import re
import subprocess
import sys

import pytest

from tests.conftest import BIN, Sandbox
from tests.jobs.helpers import run
from tests.stage_sources import HEAD
from tests.test_process import alive, eventually


def test_a_failing_stage_shows_its_last_lines_and_its_log(ready: Sandbox) -> None:
    id, done = run(ready, "fails: {}")
    assert done.code == 4
    assert done.next_step.startswith(f"run-pipeline -j {id}")
    first, *below = done.error.splitlines()
    assert re.match(rf"{id}: .*'fails'.*'alpha'.*RuntimeError: this stage always fails$", first)
    assert "  | RuntimeError: this stage always fails" in below
    assert below[-1].endswith(f"{ready.job(id)}/logs/fails.log")


FAILURES = {  # what the reason names
    "exits": "exit code 3",
    "killed": "SIGKILL",
    "forgets": "'file' (promised.txt)",
    "twice": "'file' (*.txt)",
    "links": "'file' (link.txt)",
    "wrecks": "'file' (gone.txt)",
    "refuses": "can't do this today",  # the stage's own words
}


def test_stages_that_fail_say_how_and_the_run_ends_with_4(ready: Sandbox) -> None:
    id, done = run(ready, "\n".join(f"{name}: {{}}" for name in FAILURES))
    assert done.code == 4
    assert any(reason in done.error for reason in FAILURES.values())
    assert "Traceback" not in done.err
    data = ready.give("pipeline", "job", "show", id, "--json").data
    assert data["state"] == "failed"
    reasons = {row["name"]: row["reason"] for row in data["stages"]}
    assert reasons.keys() == FAILURES.keys()
    assert [name for name, named in FAILURES.items() if named not in reasons[name]] == []


def test_a_stage_that_finds_the_input_unusable_ends_with_5(ready: Sandbox) -> None:
    _, done = run(ready, "refuses: {parameters: {unusable: true}}")
    assert done.code == 5
    assert "nothing in here can be used" in done.error  # the stage's own words


def test_a_stage_that_prints_megabytes_of_odd_bytes_shows_a_few_lines(ready: Sandbox) -> None:
    id, done = run(ready, "floods: {}")
    assert done.code == 4
    assert "from C: \ufffd\ufffd" in done.err
    assert len(done.err) < 20_000
    assert (ready.job(id) / "logs/floods.log").stat().st_size > 5_000_000


def test_a_failure_shows_nothing_that_an_earlier_attempt_printed(ready: Sandbox) -> None:
    id, _ = run(ready, "fails: {}")
    ready.write("stages/fails.py", (ready.root / "stages/killed.py").read_text())
    done = ready.run("run-pipeline", "-j", id)
    assert "SIGKILL" in done.error
    assert "always fails" not in done.err


def test_stages_after_a_failed_one_do_not_run(ready: Sandbox) -> None:
    id, _ = run(ready, "fails: {}\nnoop: {after: [fails]}")
    assert not (ready.job(id) / "stages/noop").exists()


@pytest.mark.parametrize("stage", ["closes", "garbles", "tidies", "noop", "says"])
def test_an_odd_stage_that_keeps_its_word_is_well(ready: Sandbox, stage: str) -> None:
    _, done = run(ready, f"{stage}: {{}}")
    assert done.code == 0, done.err


def test_a_child_that_outlives_its_stage_is_gone_afterwards(ready: Sandbox) -> None:
    id, done = run(ready, "leaves: {}")
    assert done.code == 0, done.err
    pid = int((ready.job(id) / "stages/leaves/1/outputs/pid.txt").read_text())
    assert eventually(lambda: not alive(pid))


def test_a_killed_stage_keeps_what_it_printed_in_order(ready: Sandbox) -> None:
    body = "import os, subprocess\ndef run(stage):\n    print('one')\n    subprocess.run(['echo', 'two'])\n"
    ready.write("stages/talks.py", f"{HEAD}{body}    print('three')\n    os.kill(os.getpid(), 9)\n")
    _, done = run(ready, "talks: {}")
    assert done.code == 4
    assert "| one\n  | two\n  | three" in done.err


def test_an_exit_code_like_one_of_ours_is_the_stages_own(ready: Sandbox) -> None:
    _, done = run(ready, "exits: {parameters: {code: 96}}")
    assert done.code == 4
    assert "exit code 96" in done.err


def test_odd_reports_of_a_stage_do_no_harm(ready: Sandbox) -> None:
    body = (
        "def run(stage):\n    stage.report(warning=5)\n    stage.progress(0.5, 7)\n    stage.progress(float('nan'))\n"
    )
    ready.write("stages/odd.py", HEAD + body)
    _, done = run(ready, "odd: {}")
    assert done.code == 0, done.err


def test_a_stage_that_fails_is_a_failure_where_the_starter_ignores_the_ends_of_children(ready: Sandbox) -> None:
    """Then the system keeps no exit codes, unless we ask it to."""
    ready.workflow("failing", "fails: {}")
    id = ready.prepare("failing")
    code = "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-c", code, BIN / "run-pipeline", "--root", ready.root, "-j", id],
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 4
