"""The outputs of a stage are its own files, and share no bytes with its inputs."""

import os
from pathlib import Path

import pytest

from pipeline.jobs import output_files
from pipeline.jobs.output_files import OutputsMissing


@pytest.fixture
def film(tmp_path: Path) -> Path:
    film = tmp_path / "film.mp4"
    film.write_text("film")
    film.chmod(0o640)
    return film


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    (tmp_path / "outputs").mkdir()
    return tmp_path / "outputs"


def test_a_hard_link_becomes_a_copy_and_its_other_name_stays_as_it_is(film: Path, outputs: Path) -> None:
    linked = outputs / "out.mp4"
    os.link(film, linked)
    output_files.detach([linked])
    assert (film.stat().st_nlink, linked.stat().st_nlink) == (1, 1)
    assert film.stat().st_ino != linked.stat().st_ino
    assert (film.stat().st_mode & 0o777, linked.read_text()) == (0o640, "film")
    assert os.listdir(outputs) == ["out.mp4"]


def test_a_file_with_one_name_is_left_alone(outputs: Path) -> None:
    file = outputs / "out.mp4"
    file.write_text("film")
    before = file.stat()
    output_files.detach([file])
    assert file.stat().st_ino == before.st_ino


def test_a_link_to_an_input_becomes_a_copy_of_it(film: Path, outputs: Path, tmp_path: Path) -> None:
    given = tmp_path / "input.mp4"  # a link itself, as that of the job's input
    given.symlink_to(film)
    linked = outputs / "out.mp4"
    linked.symlink_to(given)
    assert output_files.find(outputs, "file", "out.*", [given]) == linked
    assert (linked.is_symlink(), linked.read_text()) == (False, "film")


def test_a_link_to_anything_else_is_no_output(film: Path, outputs: Path, tmp_path: Path) -> None:
    (outputs / "out.mp4").symlink_to(film)
    with pytest.raises(OutputsMissing):
        output_files.find(outputs, "file", "out.*", [tmp_path / "other.mp4"])


def test_a_pattern_is_for_files_or_for_folders(tmp_path: Path) -> None:
    (tmp_path / "part.json").touch()
    (tmp_path / "part.zarr").mkdir()
    assert output_files.find(tmp_path, "file", "part.*") == tmp_path / "part.json"
    assert output_files.find(tmp_path, "folder", "part.*/") == tmp_path / "part.zarr"
    (tmp_path / "part.second").mkdir()
    with pytest.raises(OutputsMissing, match="2 times"):
        output_files.find(tmp_path, "folder", "part.*/")
