"""The job's input as its stages see it."""

import os
from pathlib import Path

import pytest

from pipeline.jobs import input_name
from pipeline.jobs.job import PlannedJob
from tests.jobs.helpers import a_plan


@pytest.fixture
def job(tmp_path: Path) -> PlannedJob:
    film, folder = tmp_path / "The Film.mp4", tmp_path / "jobs/one"
    film.write_bytes(b"film")
    os.utime(film, (1, 1))
    folder.mkdir(parents=True)
    digest = a_plan().input.digest
    described = {"path": str(film), "size": 4, "mtime_ns": 10**9, "digest": digest, "duration_s": None}
    return PlannedJob(folder, a_plan(input=described))


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
    assert input_name.name_for(Path("/films", file)) == name


def test_a_stage_s_words_name_the_file_as_the_person_knows_it(job: PlannedJob) -> None:
    said = f"'{input_name.path_for(job)}' has no audio"
    assert input_name.with_real_path(job, said) == f"'{job.input}' has no audio"


def test_words_that_are_kept_with_a_result_name_no_place(job: PlannedJob) -> None:
    said = f"{input_name.path_for(job)}: 3 packets are broken"
    assert input_name.without_place(job, said) == "input.mp4: 3 packets are broken"
