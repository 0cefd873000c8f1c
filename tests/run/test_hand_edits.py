"""A file that a person edits where it was delivered is never lost, whatever the job delivers later."""

import shlex
from pathlib import Path

import pytest

from pipeline.files import read_json
from pipeline.jobs import job_editor, sidecar
from pipeline.jobs.hand_edits import HandEdits
from pipeline.jobs.job import PlannedJob
from tests.run.helpers import Act, Bench, chain


@pytest.fixture
def job(bench: Bench) -> PlannedJob:
    return bench.job(*chain("one", "two"), deliver=["two.file"])


def deliver(bench: Bench, job: PlannedJob, text: str) -> Path:
    bench.project.stage_file("copy").write_text(f"# {text}\n")
    (placed,) = bench.run_one(job, two=Act(writes={"file": text})).delivered
    return placed


def texts(job: PlannedJob) -> dict[str, str]:
    return {path.name: path.read_text() for path in job.output.iterdir() if path.is_file()}


def test_an_edit_that_nobody_accepted_is_set_aside_and_told_with_a_command(bench: Bench, job: PlannedJob) -> None:
    placed = deliver(bench, job, "first")
    name, other = placed.name, placed.name.replace(".", ".edited-1.", 1)
    placed.write_text("by ann")
    deliver(bench, job, "second")
    assert texts(job) == {name: "second", other: "by ann"}
    ((told,),) = bench.listener.of("progress")
    words = shlex.split(told.partition(":\n")[2])
    assert words[:5] == ["pipeline", "job", "edit", job.id, "two.file"]
    assert Path(words[5]).read_text() == "by ann"
    assert [each.name for each in HandEdits(job).left()] == [name]


def test_each_edit_has_a_name_of_its_own_and_the_digest_of_what_it_was_made_from(bench: Bench, job: PlannedJob) -> None:
    digests = []
    for number in range(3):
        placed = deliver(bench, job, f"version {number}")
        digests.append(sidecar.digest_in(job.output / "about" / f"{placed.name}.json"))
        placed.write_text(f"by ann {number}")
    placed = deliver(bench, job, "the last")
    aside = [placed.name.replace(".", f".edited-{number}.", 1) for number in (1, 2, 3)]
    assert [texts(job)[name] for name in aside] == ["by ann 0", "by ann 1", "by ann 2"]
    assert [read_json(job.output / "about" / f"{name}.json")["digest"] for name in aside] == digests


def test_what_was_accepted_is_no_edit_that_could_be_lost(bench: Bench, job: PlannedJob) -> None:
    placed = deliver(bench, job, "first")
    placed.write_text("by ann")
    with job_editor.opened(job.folder) as desk:
        desk.put("two", {"file": b"by ann, in order"}, "ann", job_editor.EditSource.of(placed))
    bench.run(job)
    assert texts(job) == {placed.name: "by ann, in order"}


def test_an_edit_of_what_is_not_delivered_any_more_is_set_aside(bench: Bench, job: PlannedJob) -> None:
    placed = deliver(bench, job, "first")
    edited = placed.with_name(placed.name.replace("file", "other"))
    placed.rename(edited)
    edited.write_text("by ann")
    edits = HandEdits(job)
    assert edits.has(edited)
    assert edits.set_aside(edited).file.read_text() == "by ann"
    assert not edited.exists()


def test_the_same_content_is_delivered_without_a_word(bench: Bench, job: PlannedJob) -> None:
    placed = deliver(bench, job, "first")
    placed.write_text("second")
    deliver(bench, job, "second")
    assert texts(job) == {placed.name: "second"}
    assert bench.listener.of("progress") == []
