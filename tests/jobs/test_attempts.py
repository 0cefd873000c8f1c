import json
import os
from pathlib import Path

import pytest

from pipeline.jobs import attempts
from pipeline.jobs.attempts import OutputsMissing, Superseded
from pipeline.jobs.job import Job
from tests.jobs.helpers import committed, stored


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return stored(tmp_path / "jobs")


def test_an_attempt_begins_with_empty_folders(job: Job) -> None:
    attempt = attempts.begin(job, "copy")
    assert attempt.number == 1
    assert [*attempt.outputs.iterdir(), *attempt.work.iterdir()] == []


def test_a_committed_attempt_is_found_with_its_outputs(job: Job) -> None:
    result = committed(attempts.begin(job, "copy"), file="content")
    assert attempts.latest_result(job, "copy") == result
    assert result.outputs["file"].path.read_text() == "content"


def test_an_attempt_that_was_not_committed_is_no_result(job: Job) -> None:
    attempts.begin(job, "copy")
    assert attempts.latest_result(job, "copy") is None


def test_committing_removes_the_work_folder(job: Job) -> None:
    attempt = attempts.begin(job, "copy")
    (attempt.work / "scratch").write_bytes(bytes(100))
    committed(attempt, file="content")
    assert not attempt.work.exists()


def test_a_stage_may_have_removed_its_work_folder_itself(job: Job) -> None:
    attempt = attempts.begin(job, "copy")
    attempt.work.rmdir()
    assert committed(attempt, file="content").attempt == 1


def test_a_new_attempt_removes_what_a_killed_one_left(job: Job) -> None:
    killed = attempts.begin(job, "copy")
    (killed.outputs / "half.mkv").write_bytes(bytes(100))
    (killed.folder / ".result.json.1.tmp").write_bytes(b"{")
    assert attempts.begin(job, "copy").number == 2
    assert not killed.folder.exists()


def test_a_new_attempt_keeps_an_earlier_result(job: Job) -> None:
    result = committed(attempts.begin(job, "copy"), file="content")
    attempts.begin(job, "copy")
    assert attempts.latest_result(job, "copy") == result


def test_a_late_commit_can_not_overtake_a_later_attempt(job: Job) -> None:
    late = attempts.begin(job, "copy")
    (late.folder / "result.json").write_text("")  # so that the next attempt leaves it alone
    attempts.begin(job, "copy")
    with pytest.raises(Superseded):
        committed(late, file="late")


def test_a_missing_output_is_named(job: Job) -> None:
    attempt = attempts.begin(job, "copy")
    with pytest.raises(OutputsMissing, match=r"'file' \(copy\.txt\) isn't there"):
        attempt.commit({"file": "copy.txt"}, "key", {}, 0, ())


def test_a_removed_output_folder_is_a_missing_output(job: Job) -> None:
    attempt = attempts.begin(job, "copy")
    attempt.outputs.rmdir()
    with pytest.raises(OutputsMissing):
        attempt.commit({"file": "copy.txt"}, "key", {}, 0, ())


def test_two_files_for_one_pattern_are_refused(job: Job) -> None:
    attempt = attempts.begin(job, "copy")
    for name in ("a.txt", "b.txt"):
        (attempt.outputs / name).touch()
    with pytest.raises(OutputsMissing, match="2 times"):
        attempt.commit({"file": "*.txt"}, "key", {}, 0, ())


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_only_a_regular_file_is_an_output(job: Job, kind: str) -> None:
    attempt = attempts.begin(job, "copy")
    output = attempt.outputs / "copy.txt"
    if kind == "link":
        output.symlink_to("/etc/hostname")
    elif kind == "folder":
        output.mkdir()
    else:
        os.mkfifo(output)
    with pytest.raises(OutputsMissing, match="isn't a regular file"):
        attempt.commit({"file": "copy.txt"}, "key", {}, 0, ())


def test_a_changed_output_is_no_result_any_more(job: Job) -> None:
    result = committed(attempts.begin(job, "copy"), file="content")
    result.outputs["file"].path.write_text("changed")
    assert attempts.latest_result(job, "copy") is None


def test_a_deleted_output_is_no_result_any_more(job: Job) -> None:
    result = committed(attempts.begin(job, "copy"), file="content")
    result.outputs["file"].path.unlink()
    assert attempts.latest_result(job, "copy") is None


@pytest.mark.parametrize("record", ["", "{", "[]", "null", "{}", '{"outputs": {"file": {}}}', '{"outputs": 3}'])
def test_a_damaged_record_is_no_result(job: Job, record: str) -> None:
    attempt = attempts.begin(job, "copy")
    committed(attempt, file="content")
    (attempt.folder / "result.json").write_text(record)
    assert attempts.latest_result(job, "copy") is None


def test_a_record_of_another_attempt_is_no_result(job: Job) -> None:
    attempt = attempts.begin(job, "copy")
    committed(attempt, file="content")
    record = attempt.folder / "result.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "attempt": 7}))
    assert attempts.latest_result(job, "copy") is None
