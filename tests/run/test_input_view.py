"""What stages read as the job's input: a copy of the person's file, or a link where a copy would take long."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.jobs.input_name import path_for
from pipeline.jobs.job import PlannedJob
from pipeline.run import input_view, linked_input
from pipeline.run.output_signatures import OutputSignatures
from tests.run.helpers import Bench, link


@pytest.fixture
def job(bench: Bench) -> PlannedJob:
    return bench.job(link("one"))


@pytest.fixture
def signatures(job: PlannedJob) -> OutputSignatures:
    return OutputSignatures(job)


@pytest.fixture
def linked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A large file, on a disk without reflinks."""
    monkeypatch.setattr(input_view, "COPY_UP_TO", 0)
    monkeypatch.setattr(input_view, "reflink", lambda *_: False)
    monkeypatch.setattr(linked_input, "can_protect", lambda _: True)


def test_a_small_file_is_copied_once(job: PlannedJob, signatures: OutputSignatures) -> None:
    path = path_for(job)
    input_view.place(job, signatures)
    made = path.lstat()
    assert (path.is_symlink(), path.read_bytes()) == (False, job.input.read_bytes())
    assert made.st_ino != job.input.stat().st_ino
    input_view.place(job, signatures)
    assert path.lstat().st_ino == made.st_ino


@pytest.mark.parametrize("change", [lambda path: path.write_text("changed"), os.utime, Path.unlink])
def test_a_copy_that_was_changed_is_made_again(
    job: PlannedJob, signatures: OutputSignatures, change: Callable[[Path], object]
) -> None:
    path = path_for(job)
    input_view.place(job, signatures)
    change(path)
    input_view.place(job, signatures)
    assert path.read_bytes() == job.input.read_bytes()


def test_a_large_file_is_a_reflink_where_the_disk_has_them(
    job: PlannedJob, signatures: OutputSignatures, monkeypatch: pytest.MonkeyPatch
) -> None:
    def clone(source: Path, target: Path) -> bool:
        target.write_bytes(source.read_bytes())
        return True

    monkeypatch.setattr(input_view, "COPY_UP_TO", 0)
    monkeypatch.setattr(input_view, "reflink", clone)
    monkeypatch.setattr(Path, "symlink_to", lambda *_: pytest.fail("it is linked"))
    input_view.place(job, signatures)
    assert path_for(job).read_bytes() == job.input.read_bytes()


def test_else_it_is_a_link_which_is_made_again_where_it_leads_elsewhere(
    job: PlannedJob, signatures: OutputSignatures, linked: None
) -> None:
    path = path_for(job)
    for _ in range(2):
        input_view.place(job, signatures)
        assert path.readlink() == job.input
    path.unlink()
    path.symlink_to("/nowhere")
    input_view.place(job, signatures)
    assert path.readlink() == job.input


@pytest.mark.parametrize(
    ("limit", "free", "is_copied"), [(1 << 20, 1 << 30, True), (0, 1 << 30, False), (1 << 20, 20, False)]
)
def test_where_stages_cannot_be_kept_from_writing_it_is_copied_if_there_is_room(
    job: PlannedJob,
    signatures: OutputSignatures,
    linked: None,
    monkeypatch: pytest.MonkeyPatch,
    limit: int,
    free: int,
    is_copied: bool,
) -> None:
    monkeypatch.setattr(linked_input, "can_protect", lambda _: False)
    monkeypatch.setattr(input_view, "COPY_UNPROTECTED_UP_TO", limit)
    monkeypatch.setattr(input_view, "_free", lambda _: free)
    input_view.place(job, signatures)
    assert path_for(job).is_symlink() is not is_copied
    assert path_for(job).read_bytes() == job.input.read_bytes()


def test_on_a_disk_without_links_it_is_copied_all_the_same(
    job: PlannedJob, signatures: OutputSignatures, linked: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "symlink_to", refuse)
    input_view.place(job, signatures)
    assert (path_for(job).is_symlink(), path_for(job).read_bytes()) == (False, job.input.read_bytes())


def test_what_is_written_while_it_is_copied_is_refused(
    job: PlannedJob, signatures: OutputSignatures, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copy(source: Path, target: Path) -> None:
        source.write_text("another input\n")
        target.write_bytes(source.read_bytes())

    monkeypatch.setattr(input_view, "_copy", copy)
    with pytest.raises(InputError):
        input_view.place(job, signatures)
    assert not path_for(job).exists()


def test_the_room_of_a_large_copy_is_free_once_the_job_is_finished(
    job: PlannedJob, signatures: OutputSignatures, monkeypatch: pytest.MonkeyPatch, linked: None
) -> None:
    path, content = path_for(job), job.input.read_bytes()
    monkeypatch.setattr(linked_input, "can_protect", lambda _: False)
    for _ in range(2):
        input_view.place(job, signatures)
        assert path.read_bytes() == content
        assert not path.is_symlink()
        input_view.release(job)
        assert not path.exists()
    assert job.input.read_bytes() == content


def test_a_link_and_a_small_copy_stay(
    job: PlannedJob, signatures: OutputSignatures, monkeypatch: pytest.MonkeyPatch
) -> None:
    input_view.place(job, signatures)
    input_view.release(job)
    assert path_for(job).is_file()
    path_for(job).unlink()
    monkeypatch.setattr(input_view, "COPY_UP_TO", 0)
    path_for(job).symlink_to(job.input)
    input_view.release(job)
    assert path_for(job).is_symlink()
