"""Preparing a job is killed, or the power goes: the job is there whole, or not at all."""

import pytest

from pipeline.jobs.job import PlannedJob, load
from pipeline.jobs.state import Status
from pipeline.jobs.store import JobStore
from tests.conftest import Sandbox
from tests.crash.harness import KILLED, grow_old, in_child, require_whole, run_here
from tests.crash.power import Disk, cut, events
from tests.crash.shapes import SHAPES, job_of
from tests.crash.steps import Nth, Steps

SHAPE = SHAPES["chain"]


def prepared_with(steps: Steps, sandbox: Sandbox) -> int:
    def act() -> None:
        steps.watch()
        job_of(sandbox, SHAPE)

    return in_child(act)


def jobs(sandbox: Sandbox) -> list[PlannedJob]:
    """All of them; each is whole, or this fails."""
    store = JobStore(sandbox.root / "jobs")
    return [load(store.folder(id)) for id in store.ids()]


@pytest.mark.parametrize("torn", [False, True], ids=["before", "in the middle of"])
def test_a_job_whose_preparation_was_killed_anywhere_is_whole_or_not_there(
    ready: Sandbox, spawning: None, torn: bool
) -> None:
    number, killed = 0, True
    while killed:
        number += 1
        killed = prepared_with(Steps(ready.root / "jobs", Nth(number, torn), torn), ready) == KILLED
        assert all(job.state().status is Status.PREPARED for job in jobs(ready))
    assert number > (1 if torn else 10)
    grow_old(path for path in (ready.root / "jobs").glob(".preparing-*"))
    last = job_of(ready, SHAPE)
    assert [path.name for path in (ready.root / "jobs").iterdir() if path.name.startswith(".")] == []
    run_here(ready, last)
    require_whole(ready, last, SHAPE, {}, "after the killed ones")


@pytest.mark.parametrize("with_names", [False, True], ids=["gone", "empty"])
def test_a_job_that_was_prepared_survives_a_power_cut(ready: Sandbox, spawning: None, with_names: bool) -> None:
    job_of(ready, SHAPE)  # makes the folder of all jobs
    disk, trace = Disk.of(ready.root), ready.root.parent / "trace"
    assert prepared_with(Steps(ready.root, trace=trace), ready) == 0
    for event in events(trace):
        disk.apply(event)
    cut(ready.root, disk, with_names)
    _, last = jobs(ready)
    assert {path.name for path in last.folder.iterdir()} == {"job.json", "journal.jsonl", "logs", "stages"}
