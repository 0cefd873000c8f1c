"""When a file that arrives is whole."""

import os
from pathlib import Path

import pytest

from pipeline.errors import ExitCode
from pipeline.prepare.batch import PrepareOutcome, PrepareStatus
from pipeline.prepare.watch_folder import (
    Arrivals,
    RejectedFiles,
    WatchRequest,
    is_being_written,
    is_the_file_s_fault,
)
from pipeline.project import ProjectFolder


class Clock:
    seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def arrivals(tmp_path: Path, clock: Clock) -> Arrivals:
    (tmp_path / "in").mkdir()
    return Arrivals(tmp_path / "in", recursive=False, settle_seconds=10, now=clock)


def look(arrivals: Arrivals) -> list[str]:
    return [path.name for path in arrivals.look(lambda _: True)]


def test_a_file_is_whole_when_it_has_stayed_the_same_for_a_while(arrivals: Arrivals, clock: Clock) -> None:
    file = arrivals.folder / "a.mkv"
    file.write_text("half")
    assert look(arrivals) == []
    clock.seconds += 9
    file.write_text("nearly all")
    assert look(arrivals) == []
    clock.seconds += 9
    assert look(arrivals) == []
    assert arrivals.seconds_left == 1
    clock.seconds += 1
    assert look(arrivals) == ["a.mkv"]


def test_a_file_of_which_nothing_is_written_yet_is_not_whole(arrivals: Arrivals, clock: Clock) -> None:
    (arrivals.folder / "a.mkv").touch()
    look(arrivals)
    clock.seconds += 60
    assert look(arrivals) == []


def test_a_file_that_is_open_for_writing_is_not_whole_however_long_it_pauses(arrivals: Arrivals, clock: Clock) -> None:
    with (arrivals.folder / "a.mkv").open("w") as file:
        file.write("half")
        file.flush()
        look(arrivals)
        clock.seconds += 60
        assert look(arrivals) == []
    assert look(arrivals) == ["a.mkv"]


def test_a_file_that_only_changed_its_time_waits_again(arrivals: Arrivals, clock: Clock) -> None:
    file = arrivals.folder / "a.mkv"
    file.write_text("all")
    look(arrivals)
    clock.seconds += 11
    os.utime(file, (1, 1))
    assert look(arrivals) == []


def test_what_is_postponed_is_left_alone_for_a_minute(arrivals: Arrivals, clock: Clock) -> None:
    file = arrivals.folder / "a.mkv"
    file.write_text("all")
    look(arrivals)
    clock.seconds += 10
    arrivals.postpone(file)
    assert look(arrivals) == []
    assert arrivals.seconds_left is None
    clock.seconds += 60
    look(arrivals)
    clock.seconds += 10
    assert look(arrivals) == ["a.mkv"]


def test_a_file_that_goes_is_forgotten(arrivals: Arrivals) -> None:
    file = arrivals.folder / "a.mkv"
    file.write_text("all")
    look(arrivals)
    file.unlink()
    assert look(arrivals) == []
    assert arrivals.seconds_left is None


def test_a_rejected_file_stays_so_over_restarts_until_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "a.mkv"
    file.write_text("no movie")
    project, request = ProjectFolder(tmp_path), WatchRequest(tmp_path, "w", {})
    status = file.stat()
    outcome = PrepareOutcome(file, PrepareStatus.FAILED, "no movie", code=ExitCode.INPUT_UNUSABLE)
    RejectedFiles(project, request).add(outcome, (status.st_size, status.st_mtime_ns))
    assert RejectedFiles(project, request).has(file)
    assert not RejectedFiles(project, WatchRequest(tmp_path, "w", {"style": "bbc"})).has(file)
    file.write_text("a movie now")
    assert not RejectedFiles(project, request).has(file)


def test_notes_that_are_no_notes_are_none(tmp_path: Path) -> None:
    request = WatchRequest(tmp_path, "w", {})
    (tmp_path / "cache/watch").mkdir(parents=True)
    (tmp_path / f"cache/watch/{request.id}.json").write_text("[")
    assert not RejectedFiles(ProjectFolder(tmp_path), request).has(tmp_path / "a.mkv")


def test_only_what_is_wrong_with_the_file_itself_is_its_fault(tmp_path: Path) -> None:
    assert is_the_file_s_fault(PrepareOutcome(tmp_path, PrepareStatus.FAILED, code=ExitCode.INPUT_UNUSABLE))
    assert not is_the_file_s_fault(PrepareOutcome(tmp_path, PrepareStatus.FAILED, code=ExitCode.NOT_READY))


def test_a_file_that_we_write_is_being_written(tmp_path: Path) -> None:
    (tmp_path / "a.mkv").write_text("x")
    with (tmp_path / "a.mkv").open("a"):
        assert is_being_written(tmp_path / "a.mkv")
    with (tmp_path / "a.mkv").open():
        assert not is_being_written(tmp_path / "a.mkv")
    assert not is_being_written(tmp_path / "none.mkv")
