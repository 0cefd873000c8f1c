"""The power goes: what was built upon was on the disk, and from what is left on the disk a run goes on."""

from typing import Any

import pytest

from pipeline.jobs import attempts
from pipeline.jobs.events import StageFinished
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.journal import Journal
from pipeline.jobs.state import Status
from tests.conftest import Sandbox, also
from tests.crash.harness import KILLED, delivered, forget_results, in_child, labels_of, run_here, run_with
from tests.crash.power import Disk, complaints, cut, events
from tests.crash.shapes import SHAPES, Shape, job_of
from tests.crash.steps import At, First, Nth, Steps, is_by_chance, never
from tests.jobs.helpers import events_of


def traced(sandbox: Sandbox, *steps: Steps) -> tuple[list[str], PlannedJob]:
    """What a job's runs counted on too early; each but the last dies."""
    trace = sandbox.root.parent / "trace"
    job = job_of(sandbox, SHAPES["fan-out"])
    disk = Disk.of(sandbox.root)
    for each in (*steps, Steps(sandbox.root)):
        each.trace = trace
        run_with(each, sandbox, job)
    assert job.state().status is Status.FINISHED
    return list(complaints(events(trace), disk, job.folder)), job


def test_nothing_is_built_upon_before_it_is_on_the_disk(ready: Sandbox, spawning: None) -> None:
    found, _ = traced(ready)
    assert found == []


def test_what_a_killed_run_made_without_flushing_it_is_flushed_by_the_next(ready: Sandbox, spawning: None) -> None:
    early = Steps(ready.root, First("fsync in files.sync_folder < attempts.begin"))
    found, job = traced(ready, early)
    assert (job.attempts("lists") / "2").is_dir()
    assert found == []


def nothing(*_: Any) -> None:
    """Flushes nothing."""


@pytest.mark.parametrize(
    ("owner", "name", "complaint"),
    [
        (attempts, "sync_file", "was committed before"),
        (attempts, "sync_folder", "was committed before"),
        (Journal, "flush", "was started before"),
    ],
)
def test_a_flush_that_is_left_out_is_noticed(
    ready: Sandbox, spawning: None, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, complaint: str
) -> None:
    monkeypatch.setattr(owner, name, nothing)
    found, _ = traced(ready)
    assert [each for each in found if complaint in each]


def goes_on_after(sandbox: Sandbox, shape: Shape, at: At, with_names: bool, where: str) -> bool:
    """Cut the power at a step of a new job's run, then let one come to its end. Whether there was such a step."""
    trace = sandbox.root.parent / "trace"
    trace.unlink(missing_ok=True)
    forget_results(sandbox)
    job = job_of(sandbox, shape)
    disk = Disk.of(sandbox.root)
    code = run_with(Steps(sandbox.root, at, trace=trace), sandbox, job)
    for event in events(trace):
        disk.apply(event)
    cut(sandbox.root, disk, with_names)
    kept = [event.stage for event in events_of(job, StageFinished)]
    assert in_child(lambda: run_here(sandbox, job)) == 0, where
    finished = [event.stage for event in events_of(job, StageFinished)]
    assert finished[: len(kept)] == kept, where
    assert sorted(finished) == sorted(shape.names), where  # what was certain wasn't done again
    assert delivered(job) == shape.expected, where
    return code == KILLED


@pytest.mark.parametrize("with_names", [False, True], ids=["gone", "empty"])
@pytest.mark.parametrize("name", ["fan-out", "retries", *also("chain", "diamond")])
def test_a_run_goes_on_with_what_a_power_cut_leaves(
    ready: Sandbox, spawning: None, name: str, with_names: bool
) -> None:
    """The places are dealt out; with the exhaustive ones, the tests have been to all."""
    places = dict.fromkeys(labels_of(ready, job_of(ready, SHAPES[name])))
    chosen = [place for place in places if place.startswith(("fsync", "write", "order"))]
    for place in chosen[2 * [*SHAPES].index(name) + with_names :: 2 * len(SHAPES)]:
        assert goes_on_after(ready, SHAPES[name], First(place), with_names, f"{name}: {place}") or is_by_chance(place)


@pytest.mark.parametrize("with_names", [False, True], ids=["gone", "empty"])
def test_a_finished_job_stays_finished_after_a_power_cut(ready: Sandbox, spawning: None, with_names: bool) -> None:
    shape = SHAPES["diamond"]
    assert not goes_on_after(ready, shape, never, with_names, "at the end")


@pytest.mark.exhaustive
@pytest.mark.parametrize("with_names", [False, True], ids=["gone", "empty"])
@pytest.mark.parametrize("name", SHAPES)
def test_a_run_goes_on_after_a_power_cut_at_any_step(
    ready: Sandbox, spawning: None, name: str, with_names: bool
) -> None:
    number, reached = 0, True
    while reached:
        number += 1
        reached = goes_on_after(ready, SHAPES[name], Nth(number), with_names, f"{name}: step {number}")
    assert number > 50
