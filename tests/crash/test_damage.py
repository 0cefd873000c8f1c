"""Files of a job that were torn, edited or removed, and a clock that was set back."""

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.jobs.events import AttemptFailed, StageFinished
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.state import Status
from pipeline.jobs.store import JobStore
from tests.conftest import Sandbox, also
from tests.crash.harness import (
    KILLED,
    delivered,
    forget_results,
    in_child,
    ran,
    recorded,
    require_whole,
    run_here,
    run_with,
)
from tests.crash.shapes import SHAPES, job_of
from tests.crash.steps import First, Steps
from tests.jobs.helpers import events_of, prepared

USAGE = 2
CHAIN = SHAPES["chain"]
HOUR = 3600.0


@pytest.fixture
def finished(ready: Sandbox, spawning: None) -> PlannedJob:
    """A chain that has been run to its end, and whose results are only its own."""
    job = job_of(ready, CHAIN)
    run_here(ready, job)
    forget_results(ready)
    return job


def lines(job: PlannedJob) -> list[bytes]:
    return (job.folder / "journal.jsonl").read_bytes().splitlines(keepends=True)


def write(job: PlannedJob, *written: bytes) -> None:
    (job.folder / "journal.jsonl").write_bytes(b"".join(written))


def flipped(line: bytes) -> bytes:
    return line[:20] + bytes([line[20] ^ 1]) + line[21:]


def test_a_torn_last_line_costs_nothing(ready: Sandbox, finished: PlannedJob) -> None:
    before = recorded(finished)
    write(finished, *lines(finished)[:-1], lines(finished)[-1][:-7])
    run_here(ready, finished)
    require_whole(ready, finished, CHAIN, before, "torn")


@pytest.mark.parametrize("kept", range(2, 7))
def test_a_journal_of_which_the_end_is_lost_costs_no_stage_that_was_committed(
    ready: Sandbox, finished: PlannedJob, kept: int
) -> None:
    write(finished, *lines(finished)[:kept], lines(finished)[kept][:9])
    run_here(ready, finished)
    assert finished.state().status is Status.FINISHED
    assert delivered(finished) == CHAIN.expected
    assert ran(finished, "counted") == 1  # its result was adopted


def test_a_flipped_byte_in_the_middle_is_named_and_nothing_goes_on(ready: Sandbox, finished: PlannedJob) -> None:
    whole = lines(finished)
    for number in range(len(whole) - 1):
        damaged = [*whole[:number], flipped(whole[number]), *whole[number + 1 :]]
        write(finished, *damaged)
        done = ready.run("run-pipeline", "-j", finished.id) if number in (0, 3) else None
        if done:
            assert done.code == USAGE
            assert f"journal.jsonl:{number + 1}: " in done.error
            assert done.next_step
            assert lines(finished) == damaged
        assert in_child(lambda: run_here(ready, finished)) == USAGE
    shown = ready.run("pipeline", "job", "show", finished.id)
    assert shown.code == USAGE
    assert f"journal.jsonl:{len(whole) - 1}: this line" in shown.err


def test_a_line_that_is_missing_from_the_middle_only_costs_the_work_that_it_told_of(
    ready: Sandbox, finished: PlannedJob
) -> None:
    write(finished, *[line for line in lines(finished) if b'"stage_finished"' not in line or b"strays" not in line])
    assert in_child(lambda: run_here(ready, finished)) == 0
    assert delivered(finished) == CHAIN.expected


REMOVED = ["stages/counted/1", "stages/counted", "stages/strays/1/outputs", "stages", "logs", "output", "lock"]


@pytest.mark.parametrize("name", REMOVED)
def test_a_finished_job_of_which_a_part_was_removed_can_be_run_again(
    ready: Sandbox, finished: PlannedJob, name: str
) -> None:
    path = finished.folder / name
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert in_child(lambda: run_here(ready, finished)) == 0
    assert delivered(finished) == CHAIN.expected
    before = lines(finished)
    assert in_child(lambda: run_here(ready, finished)) == 0
    assert lines(finished) == before
    assert ready.run("pipeline", "job", "why", finished.id).code == 0


@pytest.mark.parametrize("name", ["job.json", "journal.jsonl"])
def test_a_job_without_its_plan_or_its_journal_is_refused_in_words(
    ready: Sandbox, finished: PlannedJob, name: str
) -> None:
    (finished.folder / name).unlink()
    for words in (("run-pipeline", "-j", finished.id), ("pipeline", "job", "show", finished.id)):
        done = ready.run(*words)
        assert done.code == USAGE
        assert str(finished.folder / name) in done.error
        assert done.next_step
    assert ready.run("pipeline", "job", "list").code == 0


Edit = Callable[[dict[str, Any]], object]
EDITS: dict[str, Edit | bytes] = {
    "torn": b'{"schema": 1, "att',
    "empty": b"",
    "a list": b"[1, 2]",
    "text": b"\xff\xfe not JSON",
    "no output": lambda record: record.update(outputs={}),
    "another output": lambda record: record.update(outputs={"other": record["outputs"]["file"]}),
    "another file": lambda record: record["outputs"]["file"].update(file="../invocation.json"),
    "another size": lambda record: record["outputs"]["file"].update(size=1),
    "another digest": lambda record: record["outputs"]["file"].update(digest="blake3:" + "0" * 64),
    "a number as digest": lambda record: record["outputs"]["file"].update(digest=7),
    "another attempt": lambda record: record.update(attempt=7),
    "another key": lambda record: record.update(key="sha256:" + "0" * 64),
    "words as seconds": lambda record: record.update(seconds="long"),
    "no seconds": lambda record: record.pop("seconds"),
    "a number as warnings": lambda record: record.update(warnings=3),
}

FIRST = ("torn", "a list", "no output", "another file", "another size", "another digest", "another key")


def edit(file: Path, how: Edit | bytes) -> None:
    if isinstance(how, bytes):
        file.write_bytes(how)
    else:
        record = json.loads(file.read_bytes())
        how(record)
        file.write_text(json.dumps(record))


@pytest.mark.parametrize("name", [*FIRST, *also(*(each for each in EDITS if each not in FIRST))])
def test_a_record_that_was_edited_before_the_journal_vouched_for_it_is_not_adopted(
    ready: Sandbox, spawning: None, name: str
) -> None:
    job = job_of(ready, CHAIN)
    before_line = First("write in journal.append < job_journal.finished")
    assert run_with(Steps(ready.root, before_line), ready, job) == KILLED
    edit(job.folder / "stages/strays/1/result.json", EDITS[name])
    assert in_child(lambda: run_here(ready, job)) == 0
    (finish,) = [event for event in events_of(job, StageFinished) if event.stage == "strays"]
    assert finish.attempt == 2
    assert delivered(job) == CHAIN.expected


def test_a_record_that_was_edited_afterwards_changes_nothing(ready: Sandbox, finished: PlannedJob) -> None:
    record, before = finished.folder / "stages/strays/1/result.json", lines(finished)
    whole = record.read_bytes()
    for name, how in EDITS.items():
        record.write_bytes(whole)
        edit(record, how)
        assert in_child(lambda: run_here(ready, finished)) == 0, name
        assert lines(finished) == before, name


def test_a_lock_file_that_a_dead_process_left_holds_nobody_up(ready: Sandbox, finished: PlannedJob) -> None:
    finished.lock.write_text(f"process 4194304 on {os.uname().nodename}")
    done = ready.run("run-pipeline", "-j", finished.id)
    assert done.code == 0, done.err


def test_a_clock_that_is_set_back_in_a_run_changes_no_duration(
    ready: Sandbox, spawning: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = time.time
    asked: list[float] = []

    def backwards() -> float:
        asked.append(real())
        return real() - HOUR * len(asked)

    job = job_of(ready, SHAPES["retries"])
    monkeypatch.setattr(time, "time", backwards)
    run_here(ready, job)
    monkeypatch.undo()
    events = job.journal().read()
    assert [event.at for event in events[1:]] == sorted((event.at for event in events[1:]), reverse=True)
    seconds = [event.seconds for event in events if isinstance(event, StageFinished | AttemptFailed)]
    assert seconds
    assert all(0 <= each < HOUR for each in seconds)
    forget_results(ready)
    require_whole(ready, job, SHAPES["retries"], recorded(job), "backwards")


def test_the_latest_job_is_the_one_that_was_prepared_last_even_if_the_clock_was_set_back(ready: Sandbox) -> None:
    ready.workflow("one", "noop: {}")
    first = prepared(ready, "one")
    ahead = time.time() + 1000 * HOUR
    os.utime(first.folder / "job.json", (ahead, ahead))
    store = JobStore(ready.root / "jobs")
    assert store.find("latest").id == first.id
    for _ in range(3):
        last = prepared(ready, "one")
        assert store.find("latest").id == last.id
