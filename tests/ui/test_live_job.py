"""What is told of a job while it runs."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.jobs.events import (
    AttemptFailed,
    RunFinished,
    RunStarted,
    StageExpanded,
    StageFinished,
    StageSkipped,
    StageStarted,
)
from pipeline.jobs.job import PlannedJob, load
from pipeline.jobs.records import OutputRecord
from pipeline.locks import exclusive
from pipeline.ui import event_stream, row_selection
from pipeline.ui.live_job import LiveJob
from tests.jobs.helpers import DIGEST, a_stage, record, stored

OUTPUTS = {"file": OutputRecord("copy.txt", 1, 1, DIGEST)}


def finished(stage: str) -> StageFinished:
    return StageFinished(stage, 1, DIGEST, 0.5, OUTPUTS)


def with_stages(root: Path, count: int) -> PlannedJob:
    stages = [a_stage(f"stage_{index}") for index in range(count)]
    environments = {stage.name: "alpha" for stage in stages}
    return stored(root / "jobs", stages=stages, stage_environments=environments, deliver=())


def told(job: LiveJob) -> dict[str, Any]:
    assert job.has_news()
    return job.message()


def names(message: dict[str, Any]) -> list[tuple[str, str]]:
    return [(row["name"], row["state"]) for row in message["rows"]]


def test_only_what_has_changed_is_told_again(tmp_path: Path) -> None:
    job = with_stages(tmp_path, 3)
    here = LiveJob(job)
    assert len(told(here)["rows"]) == 3
    assert not here.has_news()
    record(job, RunStarted(), StageStarted("stage_1", 1, DIGEST))
    assert names(told(here)) == [("stage_1", "running")]


def test_a_stage_is_called_by_what_it_does(tmp_path: Path) -> None:
    job = stored(tmp_path / "jobs", stages=[a_stage("copy", title="Copy the film")])
    (row,) = told(LiveJob(job))["rows"]
    assert (row["name"], row["shown"]) == ("copy", "Copy the film")


def test_the_state_and_the_files_are_those_of_the_journal(tmp_path: Path) -> None:
    job = stored(tmp_path / "jobs")
    here = LiveJob(job)
    assert told(here)["state"] == "prepared"
    record(job, RunStarted(), StageStarted("copy", 1, DIGEST), finished("copy"), RunFinished(("a.srt",)))
    message = told(here)
    assert (message["state"], message["files"]) == (load(job.folder).loaded.status.value, ("a.srt",))


def test_a_run_that_ended_without_a_word_is_told_as_killed(tmp_path: Path) -> None:
    job = stored(tmp_path / "jobs")
    record(job, RunStarted())
    here = LiveJob(job)
    with exclusive(job.lock):
        assert told(here)["state"] == "running"
        assert not here.has_news()
    assert told(here)["state"] == "killed"


def test_of_many_stages_those_that_run_get_a_row_and_keep_it_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_selection, "LISTED", 2)
    job = with_stages(tmp_path, 5)
    here = LiveJob(job)
    assert [name for name, _ in names(told(here))] == ["stage_0", "stage_1"]
    record(job, RunStarted(), StageStarted("stage_3", 1, DIGEST))
    message = told(here)
    assert (names(message), message["gone"]) == ([("stage_3", "running")], ["stage_0"])
    record(job, finished("stage_3"), StageStarted("stage_4", 1, DIGEST))
    message = told(here)
    assert names(message) == [("stage_3", "finished"), ("stage_4", "running")]
    assert (message["gone"], message["left_out"]) == (["stage_1"], 3)
    record(job, AttemptFailed("stage_4", 1, 0.5, "it failed", "code error"), StageStarted("stage_0", 1, DIGEST))
    assert told(here)["gone"] == ["stage_3"]


def test_logs_are_told_with_their_sizes_as_they_grow(tmp_path: Path) -> None:
    job = with_stages(tmp_path, 2)
    here = LiveJob(job)
    job.logs.mkdir(exist_ok=True)
    job.log("stage_0").write_text("12")
    told(here)
    assert here.grown_logs() == {"stage_0": 2}
    assert here.grown_logs() == {}
    record(job, RunStarted(), StageStarted("stage_1", 1, DIGEST))
    told(here)
    job.log("stage_1").write_text("123")
    assert here.grown_logs() == {"stage_1": 3}
    job.log("stage_1").write_text("1234")
    record(job, finished("stage_1"))
    told(here)
    assert here.grown_logs() == {"stage_1": 4}


def test_a_damaged_journal_ends_the_stream_in_words(tmp_path: Path) -> None:
    job = stored(tmp_path / "jobs")
    (job.folder / "journal.jsonl").write_bytes(b"nonsense\nmore\n")
    assert b"damaged" in b"".join(event_stream.of_job(job))


def test_a_log_without_content_is_none(tmp_path: Path) -> None:
    job = with_stages(tmp_path, 1)
    job.logs.mkdir(exist_ok=True)
    job.log("stage_0").touch()
    here = LiveJob(job)
    told(here)
    assert here.grown_logs() == {}


def test_of_many_logs_those_of_stages_with_a_row_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_selection, "LISTED", 2)
    job = with_stages(tmp_path, 4)
    job.logs.mkdir(exist_ok=True)
    for number in range(4):
        job.log(f"stage_{number}").write_text("12")
    here = LiveJob(job)
    told(here)
    assert here.grown_logs() == {"stage_0": 2, "stage_1": 2}
    record(job, RunStarted(), StageStarted("stage_3", 1, DIGEST))
    told(here)
    assert here.grown_logs() == {"stage_3": 2}


def test_stages_are_counted_by_their_state_as_the_journal_s_own_fold_has_it(tmp_path: Path) -> None:
    job = with_stages(tmp_path, 5)
    here = LiveJob(job)
    assert told(here)["counts"] == {"waiting": 5}
    failed = AttemptFailed("stage_1", 1, 0.5, "it failed", "code error")
    again = [StageStarted("stage_0", 2, DIGEST), StageStarted("stage_1", 1, DIGEST), failed]
    record(job, RunStarted(), StageStarted("stage_0", 1, DIGEST), finished("stage_0"), *again)
    record(job, StageSkipped("stage_2", "stage_1"), StageExpanded("stage_3", 2), StageStarted("stage_3_0", 1, DIGEST))
    record(job, finished("stage_3_1"))
    counts = told(here)["counts"]
    assert counts == {"waiting": 1, "running": 2, "failed": 1, "skipped": 1, "finished": 1}
    record(job, finished("stage_3"))
    assert told(here)["counts"] == counts  # a fan-out is its members


def test_a_row_has_the_node_and_the_class_of_the_failure(tmp_path: Path) -> None:
    job = with_stages(tmp_path, 1)
    here = LiveJob(job)
    failed = AttemptFailed("stage_0", 1, 1.0, "it can't be reached any more", "node lost")
    record(job, RunStarted(), StageStarted("stage_0", 1, DIGEST, node="alpha"), failed)
    row = told(here)["rows"][0]
    assert (row["node"], row["remark"]) == ("alpha", "node lost; it can't be reached any more")
