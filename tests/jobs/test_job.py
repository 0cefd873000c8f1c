"""Loading a job: what isn't what prepare-job wrote is refused, whatever somebody did to it."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.source import schema_errors
from pipeline.errors import ExitCode, InputError, UsageError
from pipeline.files import dump_json
from pipeline.jobs.job import PlannedJob, load
from pipeline.values import plain
from tests.jobs.helpers import DIGEST, a_plan, a_stage, forge, stored


@pytest.fixture
def job(tmp_path: Path) -> PlannedJob:
    return stored(tmp_path / "jobs")


def document(job: PlannedJob, **changes: Any) -> dict[str, Any]:
    """The job's plan as job.json has it, with changes."""
    return {**plain(job.plan), **changes}


def rewrite(job: PlannedJob, changes: dict[str, Any]) -> None:
    (job.folder / "job.json").write_bytes(dump_json(document(job, **changes)))


def refused(job: PlannedJob) -> UsageError:
    with pytest.raises(UsageError) as caught:
        load(job.folder)
    assert caught.value.exit_code is ExitCode.USAGE
    assert caught.value.next_step
    return caught.value


def test_the_plan_of_these_tests_fits_the_schema(job: PlannedJob) -> None:
    assert schema_errors(document(job), "job") == []


def test_a_job_is_loaded_as_it_was_written(job: PlannedJob) -> None:
    assert load(job.folder).plan == job.plan


def a_plain_stage(name: str, **fields: Any) -> dict[str, Any]:
    return {**plain(a_stage(name)), **fields}


EDITS: dict[str, tuple[dict[str, Any], str]] = {
    "another interpreter": ({"environments": {"alpha": "/usr"}}, "environments.alpha"),
    "a path outside the project": ({"environments": {"alpha": "venv/../../elsewhere"}}, "environments.alpha"),
    "an unknown environment": (
        {"stages": [a_plain_stage("copy", environment="gamma")]},
        "a plan must stay as it was prepared",
    ),
    "an unknown key": ({"interpreter": "/bin/sh"}, "unknown key 'interpreter'"),
    "another parameter": ({"parameters": {"source_language": "de"}}, "a plan must stay as it was prepared"),
    "a stage that is a path": ({"stages": [a_plain_stage("copy", uses="../../evil")]}, "stages.0.uses"),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_plan_is_refused(job: PlannedJob, name: str) -> None:
    changes, complaint = EDITS[name]
    rewrite(job, changes)
    message = refused(job).message
    assert str(job.folder / "job.json") in message
    assert complaint in message


@pytest.mark.parametrize("text", ["", "{", "not json", "\0", "[1]", "null"])
def test_a_plan_that_is_no_plan_is_refused(job: PlannedJob, text: str) -> None:
    (job.folder / "job.json").write_text(text)
    assert str(job.folder / "job.json") in refused(job).message


def test_bytes_that_are_not_utf8_are_refused(job: PlannedJob) -> None:
    (job.folder / "job.json").write_bytes(b"\xff\xfe{}")
    assert str(job.folder / "job.json") in refused(job).message


def test_white_space_alone_is_an_edit(job: PlannedJob) -> None:
    with (job.folder / "job.json").open("ab") as file:
        file.write(b"\n")
    refused(job)


@pytest.mark.parametrize("name", ["job.json", "journal.jsonl"])
def test_a_missing_file_is_named(job: PlannedJob, name: str) -> None:
    (job.folder / name).unlink()
    assert str(job.folder / name) in refused(job).message


@pytest.mark.parametrize("cut", [1, 10, 1000])
def test_a_journal_without_its_first_line_is_named(job: PlannedJob, cut: int) -> None:
    journal = job.folder / "journal.jsonl"
    journal.write_bytes(journal.read_bytes()[: -min(cut, journal.stat().st_size)])
    assert "journal.jsonl:1" in refused(job).message


def test_a_copied_job_is_refused_under_its_new_name(job: PlannedJob) -> None:
    copy = job.folder.with_name("job-20260101-somebody-0001")
    job.folder.rename(copy)
    with pytest.raises(UsageError, match=f"'{job.id}'"):
        load(copy)


FORGERIES: dict[str, dict[str, Any]] = {
    "an environment beyond the project": {
        "environment_keys": {"../../x": DIGEST},
        "environments": {"../../x": "venv/../../x"},
    },
    "an absolute environment": {"environment_keys": {"/usr": DIGEST}, "environments": {"/usr": "venv//usr"}},
    "an environment without a key": {"environment_keys": {}},
    "an environment's folder elsewhere": {"environments": {"alpha": "/usr"}},
    "an environment with a line break": {
        "environment_keys": {"alpha\n": DIGEST},
        "environments": {"alpha\n": "venv/alpha\n"},
    },
    "a key that is a path": {"environment_keys": {"alpha": "sha256:../../../x"}},
    "a stage's environment that the job hasn't": {"stages": [a_plain_stage("copy", environment="gamma")]},
    "a stage file beyond the project": {"stages": [a_plain_stage("copy", uses="../../evil")]},
    "an absolute stage file": {"stages": [a_plain_stage("copy", uses="/tmp/evil")]},
    "a stage name that is a path": {"stages": [a_plain_stage("../../../copy")]},
    "a stage name with a slash": {"stages": [a_plain_stage("a/b")]},
    "a stage name with a zero byte": {"stages": [a_plain_stage("a\0b")]},
    "a stage that needs itself": {"stages": [a_plain_stage("copy", needs=["copy"])]},
    "an input from nowhere": {"stages": [a_plain_stage("copy", inputs={"file": ["../../etc.passwd"]})]},
    "a model that is a path": {"models": {"../../x": DIGEST}},
    "a model's digest that is a path": {"models": {"x": "sha256:../../../../"}},
    "a stage's model that the job hasn't": {"stages": [a_plain_stage("copy", models={"m": "x"})]},
    "tools of an environment beyond the project": {"tools": {"../../x": {"ffmpeg": "PATH"}}},
    "a deliverable of no stage": {"deliver": ["other.file"]},
    "a grace that is a word": {"grace_seconds": "long"},
    "stages that are none": {"stages": 3},
    "another job's id": {"job_id": "../../x"},
    "a workflow that is a path": {"workflow": "../../x"},
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_plan_forged_together_with_its_journal_leads_nowhere(job: PlannedJob, name: str) -> None:
    forge(job, document(job, **FORGERIES[name]))
    assert str(job.folder / "job.json") in refused(job).message


@pytest.mark.parametrize("key", sorted(plain(a_plan())))
def test_a_forged_plan_without_a_key_is_refused(job: PlannedJob, key: str) -> None:
    forge(job, {name: value for name, value in document(job).items() if name != key})
    assert f"`{key}`" in refused(job).message


@pytest.mark.parametrize("content", [None, 3, [], "text", {}])
def test_a_forged_plan_of_another_form_is_refused(job: PlannedJob, content: Any) -> None:
    forge(job, content)
    refused(job)


def test_the_input_is_recognised_by_size_and_time(tmp_path: Path) -> None:
    file = tmp_path / "movie.mp4"
    file.write_text("film")
    status = file.stat()
    described = {"path": str(file), "size": status.st_size, "mtime_ns": status.st_mtime_ns}
    job = stored(tmp_path / "jobs", input={**described, "digest": DIGEST, "duration_s": None})
    job.require_input()
    os.utime(file, ns=(0, 0))
    with pytest.raises(InputError, match=re.escape(str(file))):
        job.require_input()
    file.unlink()
    with pytest.raises(InputError, match="No such file"):
        job.require_input()


def test_a_plan_is_text_that_json_tools_read(job: PlannedJob) -> None:
    assert json.loads((job.folder / "job.json").read_text(encoding="ascii"))["job_id"] == job.id
