"""A person's edit of an output: later stages read it, nothing before it runs again, and it is never lost silently."""

import json
from collections.abc import Sequence

import pytest

from pipeline.errors import StageError
from pipeline.executors import StageReport
from pipeline.files import read_json
from pipeline.films import subtitle_edits
from pipeline.jobs import job_editor, output_edits
from pipeline.jobs.events import OutputEdited
from pipeline.jobs.job import PlannedJob, load
from pipeline.jobs.state import Status
from pipeline.jobs.store import JobStore
from pipeline.jobs.why import explain
from tests.run.helpers import Act, Bench, chain, fan_out, lister, listing

SAID = Act(says=(StageReport(about={"engine": "a"}),))


@pytest.fixture
def job(bench: Bench) -> PlannedJob:
    return bench.job(*chain("one", "two", "three"), deliver=["two.file", "three.file"])


def edit(job: PlannedJob, stage: str, text: str, who: str = "ann") -> OutputEdited | None:
    with job_editor.opened(job.folder) as desk:
        return desk.put(stage, {"file": text.encode()}, who)


def decide(job: PlannedJob, stage: str, word: str) -> None:
    with job_editor.opened(job.folder) as desk:
        getattr(desk, word)(stage, "bob")


def changed_source(bench: Bench, text: str = "# another\n") -> None:
    bench.project.stage_file("copy").write_text(text)


def delivered(bench: Bench, job: PlannedJob) -> Sequence[str]:
    return [path.read_text() for path in bench.run_one(job).delivered]


def test_only_what_depends_on_an_edited_output_runs_again(bench: Bench, job: PlannedJob) -> None:
    first = delivered(bench, job)
    edit(job, "two", "as ann has it")
    assert load(job.folder).loaded.status is Status.EDITED
    second = delivered(bench, job)
    assert bench.executor.stages() == ["three"]
    assert bench.listener.of("started") == [("three", "again, since its input 'file' was edited by ann")]
    assert (second[0], second[1] == first[1]) == ("as ann has it", False)
    assert load(job.folder).loaded.status is Status.FINISHED
    assert delivered(bench, job) == second
    assert bench.executor.started == []


def test_an_edit_of_a_deliverable_that_no_stage_reads_is_delivered(bench: Bench, job: PlannedJob) -> None:
    bench.run(job)
    edit(job, "three", "the end")
    assert delivered(bench, job)[1] == "the end"
    assert bench.executor.started == []


def test_the_result_of_the_stage_stays_and_is_what_other_jobs_get(bench: Bench, job: PlannedJob) -> None:
    first = delivered(bench, job)
    edit(job, "two", "as ann has it")
    bench.run(job)
    other = bench.job(*chain("one", "two", "three"), deliver=["two.file", "three.file"])
    assert delivered(bench, other) == first
    assert bench.executor.started == []


def test_the_sidecar_says_who_changed_what(bench: Bench, job: PlannedJob) -> None:
    bench.run(job)
    made = load(job.folder).loaded.stage("two").committed
    assert made
    event = edit(job, "two", "as ann has it")
    assert event
    _, last = bench.run_one(job).delivered
    about = read_json(job.output / "about" / f"{last.name}.json")
    (told,) = [each for stage in about["stages"] for each in stage.get("edits", ())]
    files = {"file.txt": {"from": made.outputs["file"].digest, "to": event.outputs["file"].record.digest}}
    assert told == {"who": "ann", "at": event.at, "files": files}
    assert any("ann" in note for note in about["notes"])


def test_why_says_who_edited_the_input(bench: Bench, job: PlannedJob) -> None:
    bench.run(job)
    edit(job, "two", "as ann has it")
    bench.run(job)
    found = {each.stage: each for each in explain(load(job.folder), JobStore(bench.project.jobs))}
    (change,) = found["three"].changes
    assert "edited by ann" in change.words
    assert not found["two"].changes


def test_dropping_an_edit_brings_the_stages_own_output_back_without_running_anything(
    bench: Bench, job: PlannedJob
) -> None:
    first = delivered(bench, job)
    edit(job, "two", "as ann has it")
    bench.run(job)
    decide(job, "two", "drop")
    assert delivered(bench, job) == first
    assert bench.executor.started == []


def test_an_edit_of_what_a_stage_makes_otherwise_now_is_not_applied_blindly(bench: Bench, job: PlannedJob) -> None:
    bench.run(job)
    edit(job, "two", "as ann has it")
    changed_source(bench)
    outcome = bench.run_one(job, one=Act(writes={"file": "new"}), two=Act(writes={"file": "newer"}))
    assert isinstance(outcome.error, output_edits.EditOutdated)
    assert isinstance(outcome.error, StageError)
    assert outcome.error.command == f"pipeline job edit {job.id} two --keep"
    assert bench.executor.stages() == ["one", "two"]
    assert load(job.folder).loaded.edits.keys() == {"two"}


@pytest.mark.parametrize(("word", "expected"), [("keep", "as ann has it"), ("drop", "newer")])
def test_a_person_decides_about_an_outdated_edit(bench: Bench, job: PlannedJob, word: str, expected: str) -> None:
    bench.run(job)
    edit(job, "two", "as ann has it")
    changed_source(bench)
    bench.run_one(job, one=Act(writes={"file": "new"}), two=Act(writes={"file": "newer"}))
    decide(job, "two", word)
    assert delivered(bench, job)[0] == expected
    assert bench.executor.stages() == ["three"]


def test_the_same_result_made_again_keeps_the_edit(bench: Bench, job: PlannedJob) -> None:
    bench.run(job)
    edit(job, "two", "as ann has it")
    changed_source(bench)
    assert delivered(bench, job)[0] == "as ann has it"
    assert bench.executor.stages() == ["one", "two", "three"]


def test_an_edited_list_decides_about_the_members(bench: Bench) -> None:
    job = bench.job(lister(), fan_out("each"), deliver=["each.file"])
    bench.run(job, split=listing("a", "b"))
    with job_editor.opened(job.folder) as desk:
        desk.put("split", {"list": json.dumps(["a", "c", "d"]).encode()}, "ann")
    outcome = bench.run_one(job)
    assert bench.executor.stages() == ["each_0002", "each_0003"]
    assert len(outcome.delivered) == 3


def test_an_edited_file_that_somebody_changes_in_the_jobs_folder_is_refused(bench: Bench, job: PlannedJob) -> None:
    bench.run(job)
    edit(job, "two", "as ann has it")
    (file,) = output_edits.folder(job, "two").rglob("*.txt")
    file.write_text("by nobody knows whom")
    error = bench.run_one(job).error
    assert isinstance(error, StageError)
    assert error.command == f"pipeline job edit {job.id} two --drop"
    assert bench.executor.started == []


def test_an_edit_that_can_be_merged_is_merged_and_the_run_goes_on(
    bench: Bench, job: PlannedJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    def merged(_project: object, job: PlannedJob, stage: str) -> tuple[output_edits.OutputEdit, list[str]]:
        desk = job_editor.JobEditor(load(job.folder))
        event = desk.put(stage, {"file": b"merged"}, "ann")
        assert event
        return output_edits.of_event(job, event), ["merged it"]

    monkeypatch.setattr(subtitle_edits, "merged_in_run", merged)
    bench.run(job)
    edit(job, "two", "as ann has it")
    changed_source(bench)
    acts = {"one": Act(writes={"file": "new"}), "two": Act(writes={"file": "newer"})}
    outcome = bench.run_one(job, **acts)
    assert outcome.error is None
    assert outcome.delivered[0].read_text() == "merged"
    assert bench.listener.of("progress") == [("merged it",)]
    assert bench.executor.stages() == ["one", "two", "three"]
    assert bench.run_one(job).unchanged
    assert bench.executor.started == []
