"""A run that is asked to end, or is killed, through the real command."""

import signal
import subprocess
from pathlib import Path
from typing import Any, NoReturn

import psutil
import pytest

from pipeline.run.job_attempts import JobAttempts
from tests.conftest import Sandbox, also
from tests.crash.harness import require_alone, run_here
from tests.crash.shapes import SHAPES, job_of
from tests.jobs.helpers import prepared
from tests.test_process import alive, eventually


def at_work(sandbox: Sandbox, stages: str, output: str) -> "tuple[str, subprocess.Popen[bytes], list[int]]":
    """A job whose first stage has written the numbers of its processes and works on."""
    sandbox.workflow("long", stages)
    id = sandbox.prepare("long")
    child = sandbox.start("run-pipeline", "-j", id)
    pids = sandbox.job(id) / "stages" / output
    assert eventually(pids.exists, 60), child.communicate(timeout=90)
    return id, child, [int(pid) for pid in pids.read_text().split()]


def sleeping(sandbox: Sandbox) -> "tuple[str, subprocess.Popen[bytes], list[int]]":
    """A job whose stage sleeps, with a grandchild that ignores being asked; all three are at work."""
    return at_work(sandbox, "sleeps: {}", "sleeps/1/outputs/pids.txt")


def finishes(sandbox: Sandbox, id: str) -> None:
    """Run again with a stage that doesn't sleep."""
    stage = sandbox.root / "stages/sleeps.py"
    stage.write_text(stage.read_text().replace('stage.parameters["seconds"]', "0"))
    assert sandbox.run("run-pipeline", "-j", id).code == 0


def test_kill_9_of_run_pipeline_takes_the_whole_tree_along(ready: Sandbox, spawning: None) -> None:
    id, child, pids = sleeping(ready)
    child.kill()
    child.communicate(timeout=90)
    assert eventually(lambda: not any(map(alive, pids)), 60)
    assert ready.run("pipeline", "job", "show", id, "--json").data["state"] == "killed"
    finishes(ready, id)


@pytest.mark.parametrize("way", ["session", "twice", "forking", *also("group", "closed")])
def test_kill_9_of_run_pipeline_finds_a_process_that_hides(ready: Sandbox, spawning: None, way: str) -> None:
    _, child, pids = at_work(ready, f"hides: {{parameters: {{way: {way}}}}}", "hides/1/outputs/pids.txt")
    assert len(pids) == 2
    assert all(map(alive, pids[:1] if way == "forking" else pids))
    child.kill()
    child.communicate(timeout=90)
    assert eventually(lambda: not any(map(alive, pids)), 60)
    require_alone()


def test_kill_9_of_run_pipeline_ends_the_stages_of_all_its_jobs(ready: Sandbox, spawning: None) -> None:
    for seconds in (60, 61):  # of two stages with one key, only one would work
        ready.workflow(f"long{seconds}", f"sleeps: {{parameters: {{seconds: {seconds}}}}}")
    ids = [ready.prepare("long60"), ready.prepare("long61")]
    child = ready.start("run-pipeline", "-j", ids[0], "-j", ids[1], "--limit", "cpus=2")
    files = [ready.job(id) / "stages/sleeps/1/outputs/pids.txt" for id in ids]
    assert eventually(lambda: all(file.exists() for file in files), 60), child.communicate(timeout=90)
    pids = [int(pid) for file in files for pid in file.read_text().split()]
    child.kill()
    child.communicate(timeout=90)
    assert eventually(lambda: not any(map(alive, pids)), 60)
    require_alone()


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_stops_the_whole_tree_is_recorded_and_ends_with_130(ready: Sandbox, spawning: None, name: str) -> None:
    ready.write("config/pipeline.yaml", "grace_seconds: 0.2\n")
    id, child, pids = sleeping(ready)
    child.send_signal(getattr(signal, name))
    _, err = child.communicate(timeout=90)
    assert child.returncode == 130
    assert not any(map(alive, pids))
    assert f"{id} was interrupted by {name}" in err.decode()
    assert f"run-pipeline -j {id}" in err.decode()
    assert [event["event"] for event in ready.events(id)][-2:] == ["stage_failed", "run_interrupted"]
    finishes(ready, id)


def test_a_second_ctrl_c_ends_the_grace(ready: Sandbox, spawning: None) -> None:
    ready.write("config/pipeline.yaml", "grace_seconds: 600\n")
    id, child, pids = sleeping(ready)
    child.send_signal(signal.SIGINT)
    assert eventually(lambda: not alive(pids[0]))  # the first was heard: the stage has gone, its child hasn't
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=90)
    assert child.returncode == 130
    assert not any(map(alive, pids))
    assert "Traceback" not in err.decode()
    assert ready.events(id)[-1]["event"] == "run_interrupted"


def test_a_bug_in_the_middle_of_a_run_leaves_no_process(
    ready: Sandbox, spawning: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> NoReturn:
        raise RuntimeError("a bug")

    job = job_of(ready, SHAPES["chain"])
    monkeypatch.setattr(JobAttempts, "ended", fail)
    with pytest.raises(RuntimeError):
        run_here(ready, job)
    require_alone()
    assert psutil.Process().children() == []


@pytest.mark.parametrize("name", SHAPES)
def test_a_run_leaves_no_descriptor_and_no_process(ready: Sandbox, spawning: None, name: str) -> None:
    run_here(ready, job_of(ready, SHAPES["chain"]))  # what the first run of a process opens for good
    before = descriptors()
    run_here(ready, job_of(ready, SHAPES[name]))
    assert descriptors() == before
    assert psutil.Process().children() == []


def test_a_run_that_fails_leaves_no_descriptor_and_no_process(ready: Sandbox, spawning: None) -> None:
    run_here(ready, job_of(ready, SHAPES["chain"]))
    ready.workflow("failing", "fails: {}\nsays: {}\nnoop: {after: [fails]}")
    job = prepared(ready, "failing")
    before = descriptors()
    with pytest.raises(Exception, match="'fails'"):
        run_here(ready, job)
    assert descriptors() == before
    assert psutil.Process().children() == []


def descriptors() -> list[str]:
    """What this process has open, apart from the listing itself."""
    found = []
    for link in Path("/proc/self/fd").iterdir():
        try:
            found.append(str(link.readlink()))
        except FileNotFoundError:
            continue
    return sorted(found)
