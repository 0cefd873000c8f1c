"""Jobs that are removed."""

import os
from pathlib import Path

import pytest

from pipeline.jobs.events import RunFinished, RunInterrupted, RunStarted
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.store import JobStore
from pipeline.locks import exclusive
from tests.conftest import Sandbox
from tests.jobs.helpers import record, stored


@pytest.fixture
def root(sandbox: Sandbox) -> Path:
    return sandbox.root / "jobs"


def finished(root: Path) -> PlannedJob:
    job = stored(root)
    record(job, RunStarted(), RunFinished(()))
    job.output.mkdir()
    (job.output / "film.srt").write_bytes(b"x" * 5000)
    return job


def test_a_finished_job_is_gone_with_its_results(sandbox: Sandbox, root: Path) -> None:
    job, other = finished(root), finished(root)
    done = sandbox.give("pipeline", "job", "rm", job.id, "--json")
    assert done.code == 0, done.err
    (row,) = done.data["jobs"]
    assert row["job_id"] == job.id
    assert row["freed"] >= 5000
    assert os.listdir(root) == [other.id]


def test_latest_is_a_name_here_too(sandbox: Sandbox, root: Path) -> None:
    first = finished(root)
    finished(root)
    assert sandbox.give("pipeline", "job", "rm", "latest").code == 0
    assert JobStore(root).ids() == [first.id]


def test_what_is_left_to_run_stays_unless_it_is_forced(sandbox: Sandbox, root: Path) -> None:
    job = stored(root)
    record(job, RunStarted(), RunInterrupted("SIGINT"))
    done = sandbox.give("pipeline", "job", "rm", job.id)
    assert (done.code, done.next_step) == (2, f"pipeline job rm --force {job.id}")
    assert sandbox.give(*done.next_step.split()).code == 0
    assert JobStore(root).ids() == []


def test_what_a_person_edited_and_nobody_accepted_stays_unless_it_is_forced(sandbox: Sandbox, root: Path) -> None:
    job = finished(root)
    record(job, RunStarted(), RunFinished(("film.srt",)))
    done = sandbox.give("pipeline", "job", "rm", job.id)
    assert done.code == 3
    assert "film.srt" in done.out
    assert JobStore(root).ids() == [job.id]
    assert sandbox.give("pipeline", "job", "rm", "--force", job.id).code == 0
    assert JobStore(root).ids() == []


def test_a_job_that_is_being_run_stays(sandbox: Sandbox, root: Path) -> None:
    job = finished(root)
    with exclusive(job.lock):
        done = sandbox.give("pipeline", "job", "rm", "--force", job.id)
    assert done.code == 3
    assert JobStore(root).ids() == [job.id]


def test_options_choose_what_is_over(sandbox: Sandbox, root: Path) -> None:
    gone, waits = finished(root), stored(root)
    shown = sandbox.give("pipeline", "job", "rm", "--before", "0h", "--dry-run", "--json").data
    assert [row["job_id"] for row in shown["jobs"]] == [gone.id]
    assert sandbox.give("pipeline", "job", "rm", "--before", "0h").code == 0
    assert JobStore(root).ids() == [waits.id]


def test_nothing_chosen_removes_nothing(sandbox: Sandbox, root: Path) -> None:
    job = finished(root)
    assert sandbox.give("pipeline", "job", "rm").code == 2
    assert sandbox.give("pipeline", "job", "rm", "nope").code == 2
    assert JobStore(root).ids() == [job.id]


def test_a_damaged_job_can_be_removed(sandbox: Sandbox, root: Path) -> None:
    job = finished(root)
    (job.folder / "job.json").write_text("{}")
    assert sandbox.give("pipeline", "job", "rm", job.id).code == 0
    assert JobStore(root).ids() == []


def test_what_the_options_choose_and_could_be_run_is_told(sandbox: Sandbox, root: Path) -> None:
    job = stored(root)
    done = sandbox.give("pipeline", "job", "rm", "--state", "prepared")
    assert done.code == 0
    assert "1 job (prepared)" in done.err
    assert "--force" in done.err
    assert sandbox.give("pipeline", "job", "rm", "--state", "prepared", "--json").data["left_to_run"] == [job.id]
    assert JobStore(root).ids() == [job.id]
