"""Which project a command works on."""

import sys
from pathlib import Path

import pytest

from pipeline import location
from pipeline.location import locate
from pipeline.ownership import UntrustedProject


def make(root: Path) -> Path:
    (root / "config").mkdir(parents=True)
    (root / "config/pipeline.yaml").write_text("")
    return root


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project that these commands are installed in."""
    root = make(tmp_path / "clone")
    monkeypatch.setattr(location, "CHECKOUT", root)
    monkeypatch.setattr(sys, "prefix", str(root / ".venv"))
    return root


@pytest.fixture
def around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project above the current folder."""
    root = make(tmp_path / "around")
    (root / "movies").mkdir()
    monkeypatch.chdir(root / "movies")
    return root


def everybodys(root: Path) -> Path:
    root.chmod(0o777)
    return root


def test_a_project_around_the_current_folder_is_used(around: Path) -> None:
    assert locate(None).root == around


def test_one_that_others_can_change_is_not(around: Path) -> None:
    everybodys(around)
    with pytest.raises(UntrustedProject):
        locate(None)


def test_nor_is_one_whose_environments_stand_where_others_can_change_them(around: Path, tmp_path: Path) -> None:
    (around / "config/pipeline.yaml").write_text(f"paths: {{environments: {tmp_path / 'built'}}}\n")
    (tmp_path / "built").mkdir(mode=0o755)
    assert locate(None).environments == tmp_path / "built"
    everybodys(tmp_path / "built")
    with pytest.raises(UntrustedProject, match="built"):
        locate(None)
    assert locate(around).environments == tmp_path / "built"


def test_nor_is_another_taken_in_its_place(around: Path, clone: Path) -> None:
    everybodys(around)
    with pytest.raises(UntrustedProject):
        locate(None)


def test_a_person_allows_it_with_the_option(around: Path) -> None:
    assert locate(everybodys(around)).root == around


def test_a_person_allows_it_with_the_variable(around: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPELINE_ROOT", str(everybodys(around)))
    assert locate(None).root == around


def test_a_command_of_its_own_may_use_it(around: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(location, "CHECKOUT", everybodys(around))
    monkeypatch.setattr(sys, "prefix", str(around / ".venv"))
    assert locate(None).root == around


def test_the_clone_whose_environment_is_active_goes_first(
    around: Path, clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", str(clone / ".venv"))
    assert locate(None).root == clone


def test_the_clone_is_the_last_resort_where_another_environment_is_active(
    around: Path, clone: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "other"))
    assert locate(None).root == around
    monkeypatch.chdir(tmp_path)
    assert locate(None).root == clone
