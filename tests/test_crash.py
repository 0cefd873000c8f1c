"""A run that dies anywhere goes on from there: same outputs, nothing done twice, nothing left behind."""

import importlib
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import psutil
import pytest

from pipeline import interrupts, runtime
from pipeline.cli.plain import PlainReporter
from pipeline.executors import EXECUTORS
from pipeline.jobs.job import Job, load
from pipeline.jobs.state import Status
from pipeline.locks import exclusive
from pipeline.project import Project
from pipeline.scheduler import JobRun
from tests.conftest import Sandbox
from tests.jobs.helpers import prepared
from tests.test_process import alive, eventually

EXPECTED = "some input\ncounted\ncounted\n"
CHAIN = """
first: {uses: counted, inputs: {file: job.input}}
second: {uses: counted, inputs: {file: first.file}}
"""


@pytest.fixture
def chain(ready: Sandbox, spawning: None) -> Sandbox:
    ready.workflow("chain", CHAIN, head="deliver: [first.file, second.file]")
    return ready


def run_here(sandbox: Sandbox, job: Job) -> None:
    """What run-pipeline does, in this process."""
    project = Project(sandbox.root)
    with exclusive(job.lock), interrupts.watched() as asked:
        job = load(job.folder)
        resolved = runtime.resolve(project, job)
        resolved.require(job)
        JobRun(project, job, resolved, EXECUTORS["local"](job.folder / "logs"), PlainReporter(job)).run(asked)


def in_child(act: Callable[[], None]) -> int:
    """Do something in a process of its own; returns its exit code, negative where a signal ended it."""
    pid = os.fork()
    if pid == 0:
        code = 70
        try:
            act()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@contextmanager
def deadly(owner: Any, name: str, number: int, after: bool) -> Iterator[None]:
    """Let a function's call with this number be the process's last, before or after its work."""
    original, calls = getattr(owner, name), 0

    def last(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == number and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*arguments, **named)
        if calls == number and after:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, last)
    try:
        yield
    finally:
        setattr(owner, name, original)


def killed_at(sandbox: Sandbox, job: Job, place: tuple[str, str], number: int, after: bool) -> bool:
    """Run the job in a child until the call; whether there was such a call."""
    module, _, kind = place[0].partition(":")
    owner = importlib.import_module(module)
    owner = getattr(owner, kind) if kind else owner

    def run() -> None:
        with deadly(owner, place[1], number, after):
            run_here(sandbox, job)

    code = in_child(run)
    assert code in (0, -signal.SIGKILL)
    return code != 0


def runs(job: Job) -> dict[str, int]:
    """How often each committed stage has run, by what it wrote into its log."""
    return {
        stage: job.log(stage).read_text().count("ran")
        for stage in ("first", "second")
        if list(job.attempts(stage).glob("*/result.json"))
    }


def litter(job: Job) -> list[Path]:
    return [path for path in job.folder.rglob("*") if path.name.endswith(".tmp") or path.name in ("work", ".part")]


def orphans(sandbox: Sandbox) -> list[int]:
    """Processes that run in one of this test's environments."""
    prefix = os.path.realpath(sandbox.root / "venv")
    return [
        each.pid for each in psutil.process_iter(["exe", "cmdline"]) if prefix in " ".join(each.info["cmdline"] or [])
    ]


PLACES = {
    "a journal line": ("pipeline.jobs.journal:Journal", "append"),
    "a flush to the disk": ("os", "fsync"),
    "a rename": ("os", "replace"),
    "the commit": ("pipeline.jobs.attempts:Attempt", "commit"),
    "the delivery": ("pipeline.scheduler", "deliver"),
    "an order to an interpreter": ("pipeline.executors.local:LocalExecutor", "submit"),
}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("place", PLACES)
def test_a_run_killed_anywhere_goes_on_and_ends_with_the_same_outputs(chain: Sandbox, place: str, after: bool) -> None:
    number = 1
    while killed_at(chain, job := prepared(chain, "chain"), PLACES[place], number, after):
        done = runs(job)
        assert in_child(lambda job=job: run_here(chain, job)) == 0  # type: ignore[misc]  # the default binds the loop's
        where = f"killed at {place} number {number}"
        assert (job.output / "input.second.counted.txt").read_text() == EXPECTED, where
        assert {stage: count for stage, count in runs(job).items() if stage in done} == done, where
        assert litter(job) == [], where
        assert job.state().status is Status.FINISHED, where
        number += 1
    assert number > 1
    assert eventually(lambda: not orphans(chain))


def test_a_result_whose_line_is_missing_is_adopted_and_the_journal_says_so(chain: Sandbox) -> None:
    job = prepared(chain, "chain")
    assert killed_at(chain, job, ("pipeline.scheduler:JobRun", "_append_finished"), 1, after=False)
    run_here(chain, job)
    adopted = [event["stage"] for event in job.journal().read() if event.get("adopted")]
    assert adopted == ["first"]


def test_a_torn_last_line_costs_nothing(chain: Sandbox) -> None:
    job = prepared(chain, "chain")
    run_here(chain, job)
    before = runs(job)
    journal = job.folder / "journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:-7])
    run_here(chain, job)
    assert runs(job) == before
    assert job.state().status is Status.FINISHED


def sleeping(sandbox: Sandbox) -> tuple[str, "subprocess.Popen[bytes]", list[int]]:
    """A job whose stage sleeps, with a grandchild that ignores being asked; all three are at work."""
    sandbox.workflow("long", "sleeps: {}")
    id = sandbox.prepare("long")
    child = sandbox.start("run-pipeline", "-j", id)
    pids = sandbox.job(id) / "stages/sleeps/1/outputs/pids.txt"
    assert eventually(pids.exists, 60), child.communicate(timeout=90)
    return id, child, [int(pid) for pid in pids.read_text().split()]


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


def test_a_second_run_of_a_running_job_is_refused(ready: Sandbox, spawning: None) -> None:
    id, child, _ = sleeping(ready)
    try:
        second = ready.run("run-pipeline", "-j", id)
        assert second.code == 2
        assert f"{id} is being run by process {child.pid} on " in second.err
        assert ready.run("pipeline", "job", "list", "--json").data[0]["state"] == "running"
    finally:
        child.kill()
        child.communicate(timeout=90)


def test_a_bug_in_the_middle_of_a_run_leaves_no_process(chain: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> NoReturn:
        raise RuntimeError("a bug")

    job = prepared(chain, "chain")
    monkeypatch.setattr(JobRun, "_heard", fail)
    with pytest.raises(RuntimeError):
        run_here(chain, job)
    assert psutil.Process().children() == []
