"""``pipeline job edit``: a person's file in the place of a stage's output."""

from pathlib import Path

import pytest

from pipeline.jobs import attempts
from pipeline.jobs.events import EditDropped, OutputEdited, RunFinished, RunStarted, StageFinished
from pipeline.jobs.job import PlannedJob
from tests.conftest import Sandbox
from tests.jobs.helpers import a_stage, committed, events_of, record, stored


@pytest.fixture
def job(sandbox: Sandbox) -> PlannedJob:
    stages = (a_stage("copy"), a_stage("both", outputs={"one": "one.txt", "two": "two.txt"}))
    job = stored(sandbox.root / "jobs", stages=stages)
    one = committed(attempts.begin(job, "copy"), file="hello")
    both = committed(attempts.begin(job, "both"), one="1", two="2")
    finished = [
        StageFinished(name, 1, made.key, 0.5, made.output_records) for name, made in (("copy", one), ("both", both))
    ]
    record(job, RunStarted(), *finished, RunFinished(()))
    return job


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mended.txt"
    path.write_text("hello!")
    return path


def test_a_file_stands_for_the_only_output_and_the_next_command_is_named(
    sandbox: Sandbox, job: PlannedJob, file: Path
) -> None:
    done = sandbox.give("pipeline", "job", "edit", job.id, "copy", file, "--by", "Ann")
    assert done.code == 0, done.err
    assert f"run-pipeline -j {job.id}" in done.out
    (event,) = events_of(job, OutputEdited)
    assert (event.who, event.stage, list(event.outputs)) == ("Ann", "copy", ["file"])
    assert "edited" in sandbox.give("pipeline", "job", "list").out
    (copy, _) = sandbox.give("pipeline", "job", "show", job.id, "--json").data["stages"]
    assert "Ann" in copy["edited"]


def test_why_says_that_an_edit_is_in_no_run_yet(sandbox: Sandbox, job: PlannedJob, file: Path) -> None:
    command = f"run-pipeline -j {job.id} --dry-run"
    assert command not in sandbox.give("pipeline", "job", "why", job.id).out
    sandbox.give("pipeline", "job", "edit", job.id, "copy", file)
    assert command in sandbox.give("pipeline", "job", "why", job.id).out


def test_of_several_outputs_one_is_to_be_named(sandbox: Sandbox, job: PlannedJob, file: Path) -> None:
    assert sandbox.give("pipeline", "job", "edit", job.id, "both", file).code == 2
    assert sandbox.give("pipeline", "job", "edit", job.id, "both.two", file).code == 0


def test_an_edit_is_dropped_by_a_command(sandbox: Sandbox, job: PlannedJob, file: Path) -> None:
    assert sandbox.give("pipeline", "job", "edit", job.id, "copy", "--drop").code == 2
    sandbox.give("pipeline", "job", "edit", job.id, "copy", file)
    assert sandbox.give("pipeline", "job", "edit", job.id, "copy", "--drop").code == 0
    assert len(events_of(job, EditDropped)) == 1
    assert job.state().edits == {}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["copy"], 2),
        (["copy", "nowhere.txt"], 5),
        (["nothing", "FILE"], 2),
        (["copy.nothing", "FILE"], 2),
        (["copy", "FILE", "--keep"], 2),
        (["copy", "--keep", "--drop"], 2),
    ],
)
def test_what_cannot_be_is_refused(sandbox: Sandbox, job: PlannedJob, file: Path, words: list[str], code: int) -> None:
    typed = [str(file) if word == "FILE" else word for word in words]
    assert sandbox.give("pipeline", "job", "edit", job.id, *typed).code == code
    assert job.state().edits == {}


def test_a_file_that_is_not_there_is_told_with_the_reason(sandbox: Sandbox, job: PlannedJob, tmp_path: Path) -> None:
    done = sandbox.give("pipeline", "job", "edit", job.id, "copy", tmp_path / "nowhere.txt")
    assert done.code == 5
    assert "No such file" in done.error
