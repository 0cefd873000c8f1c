"""The job's input as its stages see it."""

import os
from pathlib import Path

import pytest

from pipeline.jobs import input_link
from pipeline.jobs.job import Job
from tests.jobs.helpers import a_plan


@pytest.fixture
def job(tmp_path: Path) -> Job:
    film, folder = tmp_path / "The Film.mp4", tmp_path / "jobs/one"
    film.write_bytes(b"film")
    os.utime(film, (1, 1))
    folder.mkdir(parents=True)
    digest = a_plan().input.digest
    described = {"path": str(film), "size": 4, "mtime_ns": 10**9, "digest": digest, "duration_s": None}
    return Job(folder, a_plan(input=described))


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("film.mp4", "input.mp4"),
        ("The.Big.Lebowski.1998.MKV", "input.MKV"),
        ("films.tar.gz", "input.tar.gz"),
        ("film", "input"),
        (".hidden", "input"),
        ("Mr. Smith", "input"),
        ("film." + "x" * 250, "input"),
        ("film.\udce9", "input"),
    ],
)
def test_the_name_has_the_suffix_of_the_file_and_no_more(file: str, name: str) -> None:
    assert input_link.name_for(Path("/films", file)) == name


def test_the_link_leads_to_the_file_and_is_made_again_where_it_leads_elsewhere(job: Job) -> None:
    path = input_link.path_for(job)
    for _ in range(2):
        input_link.place(job)
        assert (path.readlink(), path.read_bytes()) == (job.input, b"film")
    path.unlink()
    path.symlink_to("/nowhere")
    input_link.place(job)
    assert path.readlink() == job.input


def test_on_a_disk_without_links_it_is_a_copy(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "symlink_to", refuse)
    path = input_link.path_for(job)
    input_link.place(job)
    made = path.lstat()
    assert (path.is_symlink(), path.read_bytes()) == (False, b"film")
    input_link.place(job)
    assert path.lstat().st_ino == made.st_ino
    path.write_bytes(b"changed")
    input_link.place(job)
    assert path.read_bytes() == b"film"


def test_a_stage_s_words_name_the_file_as_the_person_knows_it(job: Job) -> None:
    said = f"'{input_link.path_for(job)}' has no audio"
    assert input_link.with_real_path(job, said) == f"'{job.input}' has no audio"
