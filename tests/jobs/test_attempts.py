import json
import os
from pathlib import Path

import pytest

from pipeline.files import clear
from pipeline.jobs import attempt_folders, attempts
from pipeline.jobs.attempts import StaleAttempt
from pipeline.jobs.events import StageFinished
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.output_files import OutputsMissing
from tests.jobs.helpers import committed, stored


@pytest.fixture
def job(tmp_path: Path) -> PlannedJob:
    return stored(tmp_path / "jobs")


def test_an_attempt_begins_with_an_empty_folder_for_its_outputs(job: PlannedJob) -> None:
    attempt = attempts.begin(job, "copy")
    assert attempt.number == 1
    assert list(attempt.outputs.iterdir()) == []


def test_a_stage_without_outputs_gets_no_folder_for_them(job: PlannedJob) -> None:
    attempt = attempts.begin(job, "copy", with_outputs=False)
    assert list(attempt.folder.iterdir()) == []
    assert committed(attempt).outputs == {}


def test_a_committed_attempt_that_the_journal_lacks_is_found_with_its_outputs(job: PlannedJob) -> None:
    result = committed(attempts.begin(job, "copy"), file="content")
    assert attempts.unrecorded(job, "copy", after=0) == result
    assert result.outputs["file"].path.read_text() == "content"


def test_an_attempt_that_was_not_committed_is_no_result(job: PlannedJob) -> None:
    attempts.begin(job, "copy")
    assert attempts.unrecorded(job, "copy", after=0) is None


def test_committing_removes_the_work_folder(job: PlannedJob) -> None:
    attempt = attempts.begin(job, "copy")
    attempt.work.mkdir()
    (attempt.work / "scratch").write_bytes(bytes(100))
    committed(attempt, file="content")
    assert not attempt.work.exists()


def test_a_stage_that_asked_for_no_work_folder_has_none(job: PlannedJob) -> None:
    attempt = attempts.begin(job, "copy")
    assert not attempt.work.exists()
    assert committed(attempt, file="content").attempt == 1


def test_a_new_attempt_removes_what_a_killed_one_left(job: PlannedJob) -> None:
    killed = attempts.begin(job, "copy")
    (killed.outputs / "half.mkv").write_bytes(bytes(100))
    (killed.folder / ".result.json.1.tmp").write_bytes(b"{")
    assert attempts.begin(job, "copy").number == 2
    assert not killed.folder.exists()


def test_a_new_attempt_keeps_an_earlier_result(job: PlannedJob) -> None:
    result = committed(attempts.begin(job, "copy"), file="content")
    attempts.begin(job, "copy")
    assert attempts.unrecorded(job, "copy", after=0) == result


def test_a_late_commit_can_not_overtake_a_later_attempt(job: PlannedJob) -> None:
    late = attempts.begin(job, "copy")
    (late.folder / "result.json").write_text("")  # so that the next attempt leaves it alone
    attempts.begin(job, "copy")
    with pytest.raises(StaleAttempt):
        committed(late, file="late")


def test_a_missing_output_is_named(job: PlannedJob) -> None:
    attempt = attempts.begin(job, "copy")
    with pytest.raises(OutputsMissing, match=r"'file' \(copy\.txt\)"):
        attempt.find({"file": "copy.txt"})


def test_a_removed_output_folder_is_a_missing_output(job: PlannedJob) -> None:
    attempt = attempts.begin(job, "copy")
    attempt.outputs.rmdir()
    with pytest.raises(OutputsMissing):
        attempt.find({"file": "copy.txt"})


@pytest.mark.parametrize("which", ["outputs", "attempt"])
def test_a_folder_that_a_stage_replaced_by_a_link_has_no_outputs(job: PlannedJob, tmp_path: Path, which: str) -> None:
    attempt = attempts.begin(job, "copy")
    theirs = tmp_path / "films"
    (theirs / "outputs").mkdir(parents=True)
    film = (theirs if which == "outputs" else theirs / "outputs") / "copy.txt"
    film.write_text("a person's own")
    attempt.outputs.rmdir()
    folder = attempt.outputs if which == "outputs" else attempt.folder
    if which == "attempt":
        attempt.folder.rename(tmp_path / "moved")
    folder.symlink_to(theirs)
    with pytest.raises(OutputsMissing, match="link"):
        attempt.find({"file": "copy.txt"})
    assert (film.stat().st_nlink, film.stat().st_mode & 0o200) == (1, 0o200)


def test_two_files_for_one_pattern_are_refused(job: PlannedJob) -> None:
    attempt = attempts.begin(job, "copy")
    for name in ("a.txt", "b.txt"):
        (attempt.outputs / name).touch()
    with pytest.raises(OutputsMissing, match="2 times"):
        attempt.find({"file": "*.txt"})


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_only_a_regular_file_is_an_output(job: PlannedJob, kind: str) -> None:
    attempt = attempts.begin(job, "copy")
    output = attempt.outputs / "copy.txt"
    if kind == "link":
        output.symlink_to("/etc/hostname")
    elif kind == "folder":
        output.mkdir()
    else:
        os.mkfifo(output)
    with pytest.raises(OutputsMissing, match=r"'file' \(copy\.txt\)"):
        attempt.find({"file": "copy.txt"})


def test_a_changed_output_is_no_result_any_more(job: PlannedJob) -> None:
    result = committed(attempts.begin(job, "copy"), file="content")
    result.outputs["file"].path.write_text("changed")
    assert attempts.unrecorded(job, "copy", after=0) is None


def test_a_deleted_output_is_no_result_any_more(job: PlannedJob) -> None:
    result = committed(attempts.begin(job, "copy"), file="content")
    result.outputs["file"].path.unlink()
    assert attempts.unrecorded(job, "copy", after=0) is None


@pytest.mark.parametrize("record", ["", "{", "[]", "null", "{}", '{"outputs": {"file": {}}}', '{"outputs": 3}'])
def test_a_damaged_record_is_no_result(job: PlannedJob, record: str) -> None:
    attempt = attempts.begin(job, "copy")
    committed(attempt, file="content")
    (attempt.folder / "result.json").write_text(record)
    assert attempts.unrecorded(job, "copy", after=0) is None


def test_a_record_of_another_attempt_is_no_result(job: PlannedJob) -> None:
    attempt = attempts.begin(job, "copy")
    committed(attempt, file="content")
    record = attempt.folder / "result.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "attempt": 7}))
    assert attempts.unrecorded(job, "copy", after=0) is None


def test_what_the_journal_tells_already_is_not_looked_for(job: PlannedJob) -> None:
    committed(attempts.begin(job, "copy"), file="content")
    assert attempts.unrecorded(job, "copy", after=1) is None


def test_the_newest_result_that_the_journal_lacks_is_taken(job: PlannedJob) -> None:
    committed(attempts.begin(job, "copy"), file="older")
    newer = committed(attempts.begin(job, "copy"), file="newer")
    attempts.begin(job, "copy")
    assert attempts.unrecorded(job, "copy", after=0) == newer


def test_a_discarded_attempt_leaves_its_number_free(job: PlannedJob) -> None:
    attempts.begin(job, "copy").discard()
    assert attempts.begin(job, "copy").number == 1


def test_the_parts_of_a_key_are_kept_for_those_who_ask(job: PlannedJob) -> None:
    committed(attempts.begin(job, "copy"), file="content")
    assert attempts.key_input(job, "copy", 1) == {"part": 1}
    assert attempts.key_input(job, "copy", 2) is None


@pytest.mark.parametrize("record", ["", "[]", "{}", '{"key_input": 3}'])
def test_the_parts_of_a_damaged_record_are_not_known(job: PlannedJob, record: str) -> None:
    attempt = attempts.begin(job, "copy")
    committed(attempt, file="content")
    (attempt.folder / "result.json").write_text(record)
    assert attempts.key_input(job, "copy", 1) is None


def test_a_result_is_the_same_from_the_journal_as_from_its_record(job: PlannedJob) -> None:
    result = committed(attempts.begin(job, "copy"), file="content")
    event = StageFinished("copy", result.attempt, result.key, result.seconds, result.output_records)
    assert attempts.of_event(job, event) == result


def test_a_large_output_is_flushed_and_read_beside(job: PlannedJob, monkeypatch: pytest.MonkeyPatch) -> None:
    small = committed(attempts.begin(job, "copy"), file="content")
    monkeypatch.setattr(attempts, "LARGE", 1)
    large = committed(attempts.begin(job, "copy"), file="content")
    assert large.outputs["file"].digest == small.outputs["file"].digest


def test_an_output_of_the_same_size_and_time_shows_its_change_only_when_it_is_read(job: PlannedJob) -> None:
    output = committed(attempts.begin(job, "copy"), file="content").outputs["file"]
    output.path.write_text("another")
    os.utime(output.path, ns=(output.mtime_ns, output.mtime_ns))
    assert output.is_unchanged()
    assert not output.is_unchanged(read=True)


@pytest.mark.parametrize("depth", [0, 1])
def test_what_stands_in_the_place_of_the_folders_of_attempts_goes(job: PlannedJob, tmp_path: Path, depth: int) -> None:
    place = (job.attempts("copy"), job.attempts("copy").parent)[depth]
    for put in (lambda: place.write_text("a file"), lambda: place.symlink_to(tmp_path)):
        attempt_folders.make(place.parent, job.folder)
        clear(place)
        put()
        assert attempts.begin(job, "copy").number == 1
        assert not place.is_symlink()
