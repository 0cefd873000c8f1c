"""Finding the project that a command works on."""

import re
from pathlib import Path

import pytest

from pipeline.errors import ExitCode, UsageError
from pipeline.project import find


def make(root: Path) -> Path:
    (root / "config").mkdir(parents=True)
    (root / "config/pipeline.yaml").write_text("")
    return root


def test_a_project_is_found_from_any_folder_inside_it(tmp_path: Path) -> None:
    root = make(tmp_path / "project")
    (root / "stages/deep/er").mkdir(parents=True)
    assert find(root / "stages/deep/er").root == root


def test_the_nearest_project_wins(tmp_path: Path) -> None:
    make(tmp_path / "outer")
    inner = make(tmp_path / "outer/inner")
    assert find(inner / "config").root == inner


def test_a_named_project_wins_over_the_folder_that_one_is_in(tmp_path: Path) -> None:
    here, there = make(tmp_path / "here"), make(tmp_path / "there")
    assert find(here, there).root == there


def test_a_named_project_may_be_a_link(tmp_path: Path) -> None:
    root = make(tmp_path / "project")
    (tmp_path / "link").symlink_to(root)
    assert find(tmp_path, tmp_path / "link").root == root


def test_outside_any_project_the_message_says_how_to_name_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=re.escape(str(tmp_path))) as refused:
        find(tmp_path)
    assert refused.value.exit_code == ExitCode.USAGE
    assert "--root" in str(refused.value.next_step)


def test_a_named_folder_that_is_no_project_is_named_in_the_message(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        find(tmp_path, tmp_path / "nowhere")


@pytest.mark.parametrize(("name", "why"), [("line\nbreak", "line break"), ("a:b", "PATH")])
def test_a_path_that_cannot_work_is_refused_at_once(tmp_path: Path, name: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        find(make(tmp_path / name))


@pytest.mark.parametrize("name", ["with space", "quote'd", 'dou"ble', "ünï", "-dash", "$HOME"])
def test_other_odd_paths_are_fine(tmp_path: Path, name: str) -> None:
    assert find(make(tmp_path / name)).root == tmp_path / name
