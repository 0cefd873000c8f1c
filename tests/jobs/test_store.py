import errno
import os
import time
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NoReturn

import pytest

from pipeline.errors import NotReady, UsageError
from pipeline.files import write_whole
from pipeline.jobs import store
from pipeline.jobs.events import RunFinished
from pipeline.jobs.job import PlannedJob, load
from pipeline.jobs.journal import Journal
from pipeline.jobs.plan import Plan
from pipeline.jobs.state import Status
from pipeline.jobs.store import ID, JobStore
from pipeline.locks import exclusive
from pipeline.values import replace
from tests.jobs.helpers import a_plan, stored


def prepare_some(root: Path, count: int) -> list[str]:
    return [stored(root).id for _ in range(count)]


def test_an_id_names_the_day_the_user_and_a_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "Jo Söder")
    today = time.strftime("%Y%m%d")
    assert stored(tmp_path).id == f"job-{today}-jo_s_der-0001"


def test_numbers_go_on_from_the_highest(tmp_path: Path) -> None:
    first = stored(tmp_path)
    (tmp_path / first.id).rename(tmp_path / first.id.replace("-0001", "-9999"))
    assert stored(tmp_path).id.endswith("-10000")


def test_a_user_name_as_long_as_a_file_name_is_shortened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "x" * 255)
    assert ID.fullmatch(stored(tmp_path).id)


def test_ids_are_unique_when_eight_processes_prepare_at_once(spawning: None, tmp_path: Path) -> None:
    with get_context("fork").Pool(8) as pool:
        made = pool.starmap_async(prepare_some, [(tmp_path, 10)] * 8).get(timeout=90)
    ids = [id for some in made for id in some]
    assert len(set(ids)) == 80
    assert JobStore(tmp_path).ids() == sorted(ids)
    assert list(tmp_path.glob(".*")) == []


def test_every_job_prepared_at_once_can_be_loaded(spawning: None, tmp_path: Path) -> None:
    with get_context("fork").Pool(4) as pool:
        pool.starmap_async(prepare_some, [(tmp_path, 5)] * 4).get(timeout=90)
    assert all(JobStore(tmp_path).find(id).id == id for id in JobStore(tmp_path).ids())


def test_a_failure_leaves_no_half_job(tmp_path: Path) -> None:
    def refuse(id: str) -> NoReturn:
        raise RuntimeError("no document")

    with pytest.raises(RuntimeError):
        JobStore(tmp_path / "jobs").create(refuse)
    assert list((tmp_path / "jobs").iterdir()) == []


def test_a_failing_flush_leaves_no_half_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(descriptor: int) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fill)
    with pytest.raises(OSError, match="No space left"):
        stored(tmp_path / "jobs")
    assert list((tmp_path / "jobs").iterdir()) == []


def test_what_a_killed_prepare_job_left_is_no_job_and_goes_in_time(tmp_path: Path) -> None:
    left = tmp_path / ".preparing-abc"
    left.mkdir()
    assert JobStore(tmp_path).ids() == []
    stored(tmp_path)
    assert left.exists()
    os.utime(left, (0, 0))
    stored(tmp_path)
    assert not left.exists()


def test_another_job_becoming_whole_during_the_sweep_is_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / ".preparing-gone"
    monkeypatch.setattr(Path, "glob", lambda *_: [gone])
    assert stored(tmp_path).id


def test_latest_is_the_one_prepared_last(tmp_path: Path) -> None:
    ids = prepare_some(tmp_path, 3)
    os.utime(tmp_path / ids[0] / "job.json", ns=(0, 1 << 62))
    assert JobStore(tmp_path).find("latest").id == ids[0]


def test_an_unknown_id_suggests_the_nearest(tmp_path: Path) -> None:
    id = stored(tmp_path).id
    with pytest.raises(UsageError, match=f"did you mean '{id}'"):
        JobStore(tmp_path).find(id.replace("-0001", "-0007"))


@pytest.mark.parametrize("name", ["latest", "job-20260101-x-0001", "..", "/etc", "a/b", ""])
def test_where_nothing_is_prepared_every_name_is_unknown(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError) as refused:
        JobStore(tmp_path / "jobs").find(name)
    assert refused.value.next_step == "pipeline run WORKFLOW INPUT"


def test_other_folders_are_no_jobs(tmp_path: Path) -> None:
    for name in ("notes", "job-20260101-x-1", ".preparing-x", "job-20260101-x-0001.bak"):
        (tmp_path / name).mkdir()
    assert JobStore(tmp_path).ids() == []


def test_a_job_holds_its_plan_its_journal_and_room_for_its_stages(tmp_path: Path) -> None:
    job = stored(tmp_path)
    assert sorted(path.name for path in job.folder.iterdir()) == ["job.json", "journal.jsonl", "logs", "stages"]


def test_the_document_is_asked_for_the_id_that_it_gets(tmp_path: Path) -> None:
    asked: list[str] = []

    def make(id: str) -> Plan:
        asked.append(id)
        return a_plan(job_id=id)

    assert JobStore(tmp_path).create(make).id == asked[-1]


def replanned(jobs: JobStore, job: PlannedJob, **changes: Any) -> PlannedJob:
    return jobs.replan(job, lambda id: replace(job.plan, **changes))


def test_a_new_plan_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    job = stored(tmp_path, workflow="before")
    job.journal().append(RunFinished(()))
    found = replanned(JobStore(tmp_path), job, workflow="after", created_at="2030-01-01T00:00:00Z")
    assert (found.id, found.plan.workflow, found.plan.created_at) == (job.id, "after", job.plan.created_at)
    assert load(job.folder).loaded.status is Status.PREPARED
    assert sorted(path.name for path in job.folder.glob("*.json")) == ["job.json"]


def test_a_plan_that_says_the_same_is_not_written(tmp_path: Path) -> None:
    job = stored(tmp_path)
    job.journal().append(RunFinished(()))
    assert replanned(JobStore(tmp_path), job).loaded.status is Status.FINISHED


@pytest.mark.parametrize("crash_at", ["append", "write_whole", "write_whole again"])
def test_a_crash_leaves_one_plan_or_the_other(tmp_path: Path, crash_at: str, monkeypatch: pytest.MonkeyPatch) -> None:
    job = stored(tmp_path, workflow="before")
    written: list[Path] = []

    def crash(*_: Any) -> None:
        raise OSError("the power is gone")

    def write(path: Path, data: bytes) -> None:
        written.append(path)
        if crash_at == "write_whole" or (crash_at == "write_whole again" and len(written) == 2):
            crash()
        write_whole(path, data)

    monkeypatch.setattr(store, "write_whole", write)
    if crash_at == "append":
        monkeypatch.setattr(Journal, "append", crash)
    with pytest.raises(OSError, match="power"):
        replanned(JobStore(tmp_path), job, workflow="after")
    monkeypatch.undo()
    assert load(job.folder).plan.workflow == ("after" if crash_at == "write_whole again" else "before")
    assert replanned(JobStore(tmp_path), job, workflow="last").plan.workflow == "last"


def test_a_job_that_is_being_run_gets_no_new_plan(tmp_path: Path, spawning: None) -> None:
    job = stored(tmp_path)
    with exclusive(job.lock), pytest.raises(NotReady):
        replanned(JobStore(tmp_path), job, workflow="after")
