"""Editing a job's outputs: files before lines, nobody's edit lost, and no edit that can't be."""

from pathlib import Path

import pytest

from pipeline.errors import NotReady, UsageError
from pipeline.jobs import attempts, job_editor, output_edits
from pipeline.jobs.events import OutputEdited, StageFinished
from pipeline.jobs.job import PlannedJob, load
from pipeline.locks import exclusive
from tests.jobs.helpers import committed, events_of, record, stored


@pytest.fixture
def job(tmp_path: Path) -> PlannedJob:
    job = stored(tmp_path, stages=(), deliver=())
    result = committed(attempts.begin(job, "cues"), srt="hello", vtt="WEBVTT")
    record(job, StageFinished("cues", 1, result.key, 0.5, result.output_records))
    return job


def put(job: PlannedJob, who: str = "ann", **files: str) -> OutputEdited | None:
    with job_editor.opened(job.folder) as desk:
        return desk.put("cues", {name: text.encode() for name, text in files.items()}, who)


def texts(job: PlannedJob) -> dict[str, str]:
    edit = output_edits.of_state(job, job.state()).get("cues")
    return {name: output.path.read_text() for name, output in edit.outputs.items()} if edit else {}


def test_later_edits_stand_beside_earlier_ones_of_other_outputs(job: PlannedJob) -> None:
    put(job, srt="hello!")
    put(job, vtt="WEBVTT!")
    put(job, srt="hello!!", who="bob")
    assert texts(job) == {"srt": "hello!!", "vtt": "WEBVTT!"}
    assert [event.who for event in events_of(job, OutputEdited)] == ["ann", "ann", "bob"]


def test_what_says_the_same_is_no_edit(job: PlannedJob) -> None:
    assert put(job, srt="hello") is None
    put(job, srt="hello!")
    assert put(job, srt="hello!") is None
    assert len(events_of(job, OutputEdited)) == 1


def test_files_without_a_line_are_as_if_they_were_not_there(job: PlannedJob) -> None:
    put(job, srt="hello!")
    journal = job.folder / "journal.jsonl"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:-1]))  # killed before the line
    assert texts(job) == {}
    put(job, srt="again")
    assert texts(job) == {"srt": "again"}
    assert {path.name for path in output_edits.folder(job, "cues").iterdir()} == {"1", "2"}


def test_a_torn_line_is_no_edit(job: PlannedJob) -> None:
    put(job, srt="hello!")
    journal = job.folder / "journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:-9])
    assert texts(job) == {}
    put(job, srt="again")
    assert texts(job) == {"srt": "again"}


def test_nobody_edits_a_job_that_runs(job: PlannedJob, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_editor, "SECONDS", 0.1)
    with exclusive(job.lock), pytest.raises(NotReady):
        put(job, srt="hello!")
    assert texts(job) == {}


@pytest.mark.parametrize(("stage", "output"), [("nothing", "srt"), ("cues", "nothing")])
def test_an_output_that_is_not_there_is_named(job: PlannedJob, stage: str, output: str) -> None:
    with job_editor.opened(job.folder) as desk, pytest.raises(UsageError) as caught:
        desk.put(stage, {output: b"hello!"}, "ann")
    assert "nothing" in caught.value.message
    assert not (job.folder / "edits").exists()


def test_the_base_of_an_edit_is_found_after_the_stage_has_made_something_else(job: PlannedJob) -> None:
    put(job, srt="hello!")
    result = committed(attempts.begin(job, "cues"), srt="good day", vtt="WEBVTT")
    record(job, StageFinished("cues", 2, result.key, 0.5, result.output_records))
    with job_editor.opened(job.folder) as desk:
        assert not desk.is_current("cues")
        base = desk.base("cues", "srt")
        assert base
        assert base.path.read_text() == "hello"
        with pytest.raises(output_edits.EditOutdated):
            desk.put("cues", {"vtt": b"WEBVTT!"}, "ann")
        desk.keep("cues", "bob")
        assert desk.is_current("cues")
    assert texts(job) == {"srt": "hello!"}


def test_a_dropped_edit_is_gone_but_for_its_file(job: PlannedJob) -> None:
    put(job, srt="hello!")
    with job_editor.opened(job.folder) as desk:
        desk.drop("cues", "bob")
        with pytest.raises(UsageError):
            desk.drop("cues", "bob")
    assert texts(job) == {}
    assert load(job.folder).loaded.edits == {}
