"""``pipeline env status``, ``gc`` and ``remove``: what they show, what they take away, and what they leave alone."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from pipeline.envs import leases
from pipeline.envs.build import Build
from pipeline.envs.notes import FOLDER
from pipeline.envs.registry import MARKER, Registry
from pipeline.errors import ExitCode
from tests.conftest import BIN, Sandbox, offline

COPY = "copy: {uses: copy, inputs: {file: job.input}}"


@pytest.fixture
def own(sandbox: Sandbox, spawning: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """A project with its own build of ``alpha``."""
    for name, value in offline(tmp_path).items():
        monkeypatch.setenv(name, value)
    done = sandbox.give("bootstrap", "--env", "alpha")
    assert done.code == 0, done.err
    return sandbox


def build_of(sandbox: Sandbox, name: str = "alpha") -> Build:
    build = Registry(sandbox.root / "venv").live(name)
    assert build is not None
    return build


def superseded(sandbox: Sandbox) -> Build:
    """The build of alpha, with another one in its place."""
    before = build_of(sandbox)
    done = sandbox.give("bootstrap", "--env", "alpha", "--force")
    assert done.code == 0, done.err
    return before


def status(sandbox: Sandbox, *names: str) -> dict[str, dict[str, object]]:
    """By name; of several builds of one name the live one."""
    rows = sandbox.give("pipeline", "env", "status", "--json", *names).data
    return {row["name"]: row for row in reversed(rows)}


def removed(sandbox: Sandbox, *words: str) -> list[str]:
    done = sandbox.give("pipeline", "env", "gc", "--json", *words)
    assert done.code == 0, done.err
    return [row["build"] for row in done.data["removed"]]


def test_status_shows_what_somebody_else_makes_where_it_is(own: Sandbox) -> None:
    own.write("config/environments/theirs.yaml", f"interpreter: {build_of(own).prefix}\n")
    own.write("config/environments/gone.yaml", "interpreter: nowhere\n")
    rows = status(own)
    assert (rows["theirs"]["state"], rows["theirs"]["problem"], rows["theirs"]["lock"]) == ("used as it is", None, None)
    assert rows["gone"]["state"] == "unusable"
    assert f"{own.root}/nowhere" in str(rows["gone"]["problem"])
    assert rows["alpha"]["state"] == "healthy"


def test_status_leads_to_the_lock_where_that_is_wrong(own: Sandbox) -> None:
    own.write("requirements/alpha.lock", "quirk==1.0\n")
    row = status(own)["alpha"]
    assert row["next"] == "pipeline env lock alpha"
    assert str(row["problem"]).startswith("requirements/alpha.lock:1: quirk ")


def test_status_tells_size_lock_and_builds(own: Sandbox) -> None:
    row = status(own)["alpha"]
    assert (row["state"], row["lock"], row["builds"], row["uses"]) == ("healthy", "alpha.lock", 1, 0)
    assert isinstance(row["size"], int)
    assert row["size"] > 4096
    assert isinstance(row["last_build_seconds"], float)
    assert "alpha.lock" in own.give("pipeline", "env", "status").out


def test_status_counts_runs(own: Sandbox) -> None:
    own.workflow("one", COPY)
    job = own.prepare("one")
    done = own.run("run-pipeline", "--job", job)
    assert done.code == 0, done.err
    row = status(own, "alpha")["alpha"]
    assert row["uses"] == 1
    assert row["last_used"] is not None


def test_a_run_counts_nothing_where_nothing_can_be_written(own: Sandbox) -> None:
    own.workflow("one", COPY)
    job = own.prepare("one")
    notes = own.root / "venv" / FOLDER
    for note in notes.iterdir():
        note.unlink()
    notes.rmdir()
    notes.write_text("in the way")
    done = own.run("run-pipeline", "--job", job)
    assert done.code == 0, done.err
    assert status(own)["alpha"]["uses"] == 0


def test_status_shows_builds_that_no_definition_names(own: Sandbox) -> None:
    (own.root / "config/environments/alpha.yaml").unlink()
    row = status(own)["alpha"]
    assert (row["state"], row["next"]) == ("undefined", "pipeline env gc")
    assert build_of(own).prefix.name in own.give("pipeline", "env", "status").out


def test_a_broken_definition_is_a_row(own: Sandbox) -> None:
    own.write("config/environments/broken.yaml", "pythn: 3\n")
    rows = status(own)
    assert (rows["broken"]["state"], rows["alpha"]["state"]) == ("broken", "healthy")


def test_gc_without_a_limit_takes_what_is_of_no_use(own: Sandbox) -> None:
    before = superseded(own)
    half = own.root / "venv" / ".builds" / "beta-0123456789abcdef.01234567"
    half.mkdir()
    assert set(removed(own)) == {before.prefix.name, half.name}
    assert status(own)["alpha"]["state"] == "healthy"
    assert (own.root / "requirements/alpha.lock").is_file()


def test_a_dry_run_takes_nothing(own: Sandbox) -> None:
    before = superseded(own)
    assert removed(own, "--dry-run") == [before.prefix.name]
    assert before.prefix.exists()
    assert before.prefix.name in own.give("pipeline", "env", "gc", "--dry-run").out
    assert before.prefix.exists()


def test_gc_keeps_to_the_project_s_limit(own: Sandbox) -> None:
    own.write("config/pipeline.yaml", "default_workflows: []\nenvironments_limit: 1 KiB\n")
    name = build_of(own).prefix.name
    assert removed(own) == [name]
    assert status(own)["alpha"]["state"] == "not built"
    assert own.give("bootstrap", "--env", "alpha").code == 0


def test_gc_takes_what_was_not_used_for_days(own: Sandbox) -> None:
    build = build_of(own)
    os.utime(build.prefix / MARKER, (1_000_000_000, 1_000_000_000))
    assert removed(own, "--older-than", "30") == [build.prefix.name]


def test_a_build_that_a_process_holds_stays_whatever_is_asked(own: Sandbox) -> None:
    build = build_of(own)
    with leases.hold(build):
        done = own.run("pipeline", "env", "gc", "--limit", "0", "--force", "--json")
        assert done.data["removed"] == []
        assert [row["build"] for row in done.data["kept"]] == [build.prefix.name]
        assert f"process {os.getpid()}" in done.data["kept"][0]["why"]
    assert removed(own, "--limit", "0") == [build.prefix.name]


def test_a_build_that_a_prepared_job_names_stays_unless_it_is_forced(own: Sandbox) -> None:
    own.workflow("one", COPY)
    job, build = own.prepare("one"), superseded(own)
    done = own.give("pipeline", "env", "gc", "--json", "--limit", "0")
    assert done.data["removed"] == []
    assert job in done.data["kept"][0]["why"]
    assert build.prefix.name in removed(own, "--limit", "0", "--force")


def test_gc_while_a_job_runs_leaves_its_build(own: Sandbox) -> None:
    own.workflow("slow", "sleeps: {uses: sleeps}")
    job, build = own.prepare("slow"), superseded(own)
    running = own.start("run-pipeline", "--job", job)
    try:
        until = time.monotonic() + 60
        while "stage_started" not in (own.job(job) / "journal.jsonl").read_text() and time.monotonic() < until:
            time.sleep(0.05)
        kept = own.give("pipeline", "env", "gc", "--json", "--limit", "0").data["kept"]
        assert build.prefix.name in [row["build"] for row in kept]
        assert build.python.exists()
    finally:
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=60)


def test_gc_that_is_killed_at_any_time_leaves_what_the_next_finishes(own: Sandbox) -> None:
    before = superseded(own)
    fill = before.prefix / "more"
    fill.mkdir()
    for number in range(2000):
        (fill / str(number)).touch()
    child = own.start("pipeline", "env", "gc")
    until = time.monotonic() + 60
    while before.prefix.exists() and time.monotonic() < until:
        time.sleep(0.001)
    child.kill()
    child.communicate()
    assert own.give("pipeline", "env", "gc").code == 0
    assert [path.name for path in (own.root / "venv" / ".builds").glob("*.aside")] == []
    assert status(own)["alpha"]["state"] == "healthy"


def test_a_finished_job_keeps_nothing(own: Sandbox) -> None:
    own.workflow("one", COPY)
    name = build_of(own).prefix.name
    done = own.run("run-pipeline", "--job", own.prepare("one"))
    assert done.code == 0, done.err
    assert removed(own, "--limit", "0") == [name]


def test_remove_takes_all_builds_and_the_name(own: Sandbox) -> None:
    superseded(own)
    done = own.give("pipeline", "env", "remove", "alpha")
    assert done.code == 0, done.err
    assert done.out.splitlines()[-1].startswith("2 builds ")
    assert list((own.root / "venv" / ".builds").glob("alpha-*")) == []
    assert not os.path.lexists(own.root / "venv" / "alpha")


def test_remove_refuses_what_is_held_and_names_who(own: Sandbox) -> None:
    before = superseded(own)
    with leases.hold(before):
        done = own.run("pipeline", "env", "remove", "alpha")
    assert done.code == ExitCode.NOT_READY
    assert f"process {os.getpid()}" in done.err
    assert before.prefix.exists()
    assert status(own)["alpha"]["state"] == "healthy"


def test_remove_refuses_what_a_prepared_job_needs(own: Sandbox) -> None:
    own.workflow("one", COPY)
    job = own.prepare("one")
    done = own.give("pipeline", "env", "remove", "alpha")
    assert done.code == ExitCode.NOT_READY
    assert job in done.err
    assert own.give("pipeline", "env", "remove", "alpha", "--force").code == 0


def test_remove_of_an_unknown_name_is_refused_with_the_nearest(own: Sandbox) -> None:
    done = own.give("pipeline", "env", "remove", "alhpa")
    assert (done.code, done.next_step) == (ExitCode.USAGE, "pipeline env list")
    assert "'alpha'" in done.error


def test_remove_of_what_is_not_built_frees_nothing(own: Sandbox) -> None:
    assert own.give("pipeline", "env", "remove", "beta", "--json").data["removed"] == []


def test_what_no_definition_names_can_be_removed(own: Sandbox) -> None:
    (own.root / "config/environments/alpha.yaml").unlink()
    assert own.give("pipeline", "env", "remove", "alpha").code == 0
    assert not os.path.lexists(own.root / "venv" / "alpha")


def test_two_collections_at_once_both_end_well(own: Sandbox) -> None:
    before = superseded(own)
    commands: list[str | Path] = [BIN / "pipeline", "env", "gc", "--root", own.root, "--json"]
    children = [subprocess.Popen(commands, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [child.wait(60) for child in children] == [0, 0]
    assert not before.prefix.exists()
    assert status(own)["alpha"]["state"] == "healthy"


@pytest.mark.parametrize("wrong", [["--limit", "many"], ["--older-than", "-1"]])
def test_bounds_that_are_none_are_refused(own: Sandbox, wrong: list[str]) -> None:
    assert own.give("pipeline", "env", "gc", *wrong).code == ExitCode.USAGE


def test_prefetch_fills_the_folder_of_packages_and_builds_nothing(
    sandbox: Sandbox, spawning: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in offline(tmp_path).items():
        monkeypatch.setenv(name, value)
    done = sandbox.give("bootstrap", "--prefetch", "--all")
    assert done.code == 0, done.err
    assert sorted(os.listdir(sandbox.root / "cache" / "wheels")) == [
        "quirk-1.0-py3-none-any.whl",
        "quirk-2.0-py3-none-any.whl",
    ]
    assert not (sandbox.root / "venv" / "alpha").exists()


def test_prefetch_does_not_go_together_with_force(sandbox: Sandbox, spawning: None) -> None:
    assert sandbox.give("bootstrap", "--prefetch", "--force").code == ExitCode.USAGE
