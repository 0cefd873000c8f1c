"""Folders among the deliverables."""

import os
from pathlib import Path

import pytest

from pipeline.directories import manifest
from pipeline.directories.tree_reader import digest_of, read
from pipeline.jobs import delivered_folders
from pipeline.jobs.deliver import _place
from pipeline.jobs.records import Output


@pytest.fixture
def made(tmp_path: Path) -> Output:
    """What a stage left, as it was committed."""
    path = tmp_path / "job/outputs/tiles"
    (path / "below").mkdir(parents=True)
    (path / "below/a.txt").write_text("a")
    (path / "b.txt").write_text("b")
    found = read(path)
    manifest.write(path, found.manifest)
    return Output(path, found.manifest.digest, 2, found.signature.mtime_ns)


@pytest.fixture
def target(tmp_path: Path, made: Output) -> Path:
    """It, delivered."""
    (tmp_path / "output").mkdir()
    _place(made.path, tmp_path / "output/tiles")
    return tmp_path / "output/tiles"


def test_a_folder_is_delivered_with_all_that_is_in_it(target: Path, made: Output) -> None:
    assert digest_of(target) == made.digest
    assert os.listdir(target.parent) == ["tiles"]
    assert not delivered_folders.is_damaged(target, made)


def test_a_folder_takes_the_place_of_a_file_and_a_file_that_of_a_folder(target: Path, made: Output) -> None:
    _place(made.path / "b.txt", target)
    assert target.read_text() == "b"
    _place(made.path, target)
    assert digest_of(target) == made.digest


def test_what_a_killed_run_left_is_replaced(target: Path, made: Output) -> None:
    (target.parent / ".placing.tmp/half").mkdir(parents=True)
    _place(made.path, target)
    assert os.listdir(target.parent) == ["tiles"]


def test_a_file_that_a_stage_changed_by_another_name_is_damage(target: Path, made: Output) -> None:
    own = made.path / "below/a.txt"  # which is whole again, as a file of its own
    own.chmod(0o644)
    own.write_text("X")
    own.chmod(0o444)
    own.unlink()
    own.write_text("a")
    assert delivered_folders.is_damaged(target, made)


def test_what_a_person_did_to_the_folder_is_no_damage(target: Path, made: Output) -> None:
    (target / "mine.txt").write_text("mine")
    (target / "b.txt").unlink()
    (target / "below/a.txt").unlink()
    (target / "below/a.txt").write_text("edited")
    assert not delivered_folders.is_damaged(target, made)
