"""A run that dies while its stages are in processes that outlive it: they let go of them, and serve the next run."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.conftest import Sandbox, also
from tests.crash.harness import forget_results, labels_of, orphans, require_alone, require_whole, run_here
from tests.crash.shapes import INPUT, Shape, job_of
from tests.crash.steps import First, Nth
from tests.crash.test_killed import killed_and_resumed
from tests.crash.test_signals import at_work
from tests.executors.conftest import servers_in
from tests.test_process import alive, eventually


@pytest.fixture
def servers(spawning: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of this test's kept processes, which end with it."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    folder = tmp_path / "pipeline"
    yield folder
    end(folder)
    require_alone()


def end(folder: Path) -> None:
    for process in servers_in(folder):
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGTERM)
    assert eventually(lambda: not servers_in(folder))


def shape() -> Shape:
    return Shape(
        """
first: {uses: counted, inputs: {file: job.input}, start: [worker]}
second: {uses: counted, inputs: {file: first.file}, start: [worker]}
third: {uses: counted, inputs: {file: second.file}}
""",
        "third.file",
        INPUT + "counted\n" * 3,
        ("first", "second", "third"),
    )


def test_a_run_killed_where_it_deals_with_kept_processes_goes_on(ready: Sandbox, servers: Path) -> None:
    labels = labels_of(ready, job_of(ready, shape()))
    known = [
        place
        for place in dict.fromkeys(labels)
        if any(each in place for each in ("worker_pool.", "servers.", "worker_lease.order"))
    ]
    assert any(place.startswith("order in worker_lease.order") for place in known)
    for place in known:
        if "spawn" in place:
            end(servers)
        for torn in (False, True)[: 1 + place.startswith("order")]:
            assert killed_and_resumed(ready, shape(), First(place), torn, True, place)


@pytest.mark.exhaustive
def test_a_run_with_kept_processes_killed_at_any_step_goes_on(ready: Sandbox, servers: Path) -> None:
    number, reached = 0, True
    while reached:
        number += 1
        reached = killed_and_resumed(ready, shape(), Nth(number), False, True, f"step {number}")
    assert number > 50


def test_a_kept_process_that_is_killed_between_two_runs_is_replaced(ready: Sandbox, servers: Path) -> None:
    run_here(ready, job_of(ready, shape()))
    killed = servers_in(servers)
    for process in killed:
        process.kill()
    forget_results(ready)
    job = job_of(ready, shape())
    run_here(ready, job)
    require_whole(ready, job, shape(), {}, "replaced")
    assert killed
    assert set(servers_in(servers)) - set(killed)


@pytest.mark.parametrize("way", ["session", "forking", *also("group", "twice", "closed")])
def test_kill_9_of_run_pipeline_ends_what_a_stage_in_a_kept_process_started(
    ready: Sandbox, servers: Path, way: str
) -> None:
    stages = f"hides: {{parameters: {{way: {way}}}, start: [worker]}}"
    _, child, pids = at_work(ready, stages, "hides/1/outputs/pids.txt")
    child.kill()
    child.communicate(timeout=90)
    assert eventually(lambda: not alive(pids[1]), 60)
    kept = servers_in(servers)
    assert eventually(lambda: {each.pid for each in orphans()} <= {each.pid for each in kept}, 60), orphans()
    assert os.getpid() not in pids
