"""``pipeline env gc``: what it removes, and what it leaves alone."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from pipeline.envs import leases
from pipeline.envs.registry import MARKER
from pipeline.errors import ExitCode
from tests.cli.env.conftest import COPY, build_of, status_rows, superseded
from tests.conftest import BIN, Sandbox


def collect(sandbox: Sandbox, *words: str) -> list[str]:
    done = sandbox.give("pipeline", "env", "gc", "--json", *words)
    assert done.code == 0, done.err
    return [row["build"] for row in done.data["removed"]]


def test_gc_without_a_limit_takes_what_is_of_no_use(with_build: Sandbox) -> None:
    before = superseded(with_build)
    half = with_build.root / "venv" / ".builds" / "beta-0123456789abcdef.01234567"
    half.mkdir()
    assert set(collect(with_build)) == {before.prefix.name, half.name}
    assert status_rows(with_build)["alpha"]["state"] == "healthy"
    assert (with_build.root / "requirements/alpha.lock").is_file()


def test_a_dry_run_takes_nothing(with_build: Sandbox) -> None:
    before = superseded(with_build)
    assert collect(with_build, "--dry-run") == [before.prefix.name]
    assert before.prefix.exists()
    assert before.prefix.name in with_build.give("pipeline", "env", "gc", "--dry-run").out
    assert before.prefix.exists()


def test_gc_keeps_to_the_project_s_limit(with_build: Sandbox) -> None:
    with_build.write("config/pipeline.yaml", "default_workflows: []\nenvironments_limit: 1 KiB\n")
    name = build_of(with_build).prefix.name
    assert collect(with_build) == [name]
    assert status_rows(with_build)["alpha"]["state"] == "not built"
    assert with_build.give("bootstrap", "--env", "alpha").code == 0


def test_gc_takes_what_was_not_used_for_days(with_build: Sandbox) -> None:
    build = build_of(with_build)
    os.utime(build.prefix / MARKER, (1_000_000_000, 1_000_000_000))
    assert collect(with_build, "--older-than", "30") == [build.prefix.name]


def test_a_build_that_a_process_holds_stays_whatever_is_asked(with_build: Sandbox) -> None:
    build = build_of(with_build)
    with leases.hold(build):
        done = with_build.run("pipeline", "env", "gc", "--limit", "0", "--force", "--json")
        assert done.data["removed"] == []
        assert [row["build"] for row in done.data["kept"]] == [build.prefix.name]
        assert f"process {os.getpid()}" in done.data["kept"][0]["why"]
    assert collect(with_build, "--limit", "0") == [build.prefix.name]


def test_a_build_that_a_prepared_job_names_stays_unless_it_is_forced(with_build: Sandbox) -> None:
    with_build.workflow("one", COPY)
    job, build = with_build.prepare("one"), superseded(with_build)
    done = with_build.give("pipeline", "env", "gc", "--json", "--limit", "0")
    assert done.data["removed"] == []
    assert job in done.data["kept"][0]["why"]
    assert build.prefix.name in collect(with_build, "--limit", "0", "--force")


def test_gc_while_a_job_runs_leaves_its_build(with_build: Sandbox) -> None:
    with_build.workflow("slow", "sleeps: {uses: sleeps}")
    job, build = with_build.prepare("slow"), superseded(with_build)
    running = with_build.start("run-pipeline", "--job", job)
    try:
        until = time.monotonic() + 60
        while "stage_started" not in (with_build.job(job) / "journal.jsonl").read_text() and time.monotonic() < until:
            time.sleep(0.05)
        kept = with_build.give("pipeline", "env", "gc", "--json", "--limit", "0").data["kept"]
        assert build.prefix.name in [row["build"] for row in kept]
        assert build.python.exists()
    finally:
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=60)


def test_gc_that_is_killed_at_any_time_leaves_what_the_next_finishes(with_build: Sandbox) -> None:
    before = superseded(with_build)
    fill = before.prefix / "more"
    fill.mkdir()
    for number in range(2000):
        (fill / str(number)).touch()
    child = with_build.start("pipeline", "env", "gc")
    until = time.monotonic() + 60
    while before.prefix.exists() and time.monotonic() < until:
        time.sleep(0.001)
    child.kill()
    child.communicate()
    assert with_build.give("pipeline", "env", "gc").code == 0
    assert [path.name for path in (with_build.root / "venv" / ".builds").glob("*.aside")] == []
    assert status_rows(with_build)["alpha"]["state"] == "healthy"


def test_a_finished_job_keeps_nothing(with_build: Sandbox) -> None:
    with_build.workflow("one", COPY)
    name = build_of(with_build).prefix.name
    done = with_build.run("run-pipeline", "--job", with_build.prepare("one"))
    assert done.code == 0, done.err
    assert collect(with_build, "--limit", "0") == [name]


def test_two_collections_at_once_both_end_well(with_build: Sandbox) -> None:
    before = superseded(with_build)
    commands: list[str | Path] = [BIN / "pipeline", "env", "gc", "--root", with_build.root, "--json"]
    children = [subprocess.Popen(commands, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [child.wait(60) for child in children] == [0, 0]
    assert not before.prefix.exists()
    assert status_rows(with_build)["alpha"]["state"] == "healthy"


@pytest.mark.parametrize("wrong", [["--limit", "many"], ["--older-than", "-1"]])
def test_bounds_that_are_none_are_refused(with_build: Sandbox, wrong: list[str]) -> None:
    assert with_build.give("pipeline", "env", "gc", *wrong).code == ExitCode.USAGE
