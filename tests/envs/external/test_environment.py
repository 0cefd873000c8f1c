"""What is an environment, and what its interpreter says of it."""

import os
import shutil
from pathlib import Path

import pytest

from pipeline.envs.external.environment import Unusable, recognise
from pipeline.envs.external.inspection import as_json, ask_interpreter, from_json
from tests.envs.external.conftest import site_packages


def unusable(folder: Path) -> str:
    with pytest.raises(Unusable) as caught:
        ask_interpreter(recognise(folder))
    return str(caught.value)


def test_a_venv_and_a_conda_environment_are_told_apart(venv: Path, conda: Path) -> None:
    assert [recognise(venv).kind, recognise(conda).kind] == ["venv", "conda"]


def test_a_link_stands_for_what_it_leads_to(venv: Path, tmp_path: Path) -> None:
    (tmp_path / "current").symlink_to(venv)
    assert recognise(tmp_path / "current").prefix == venv


def test_a_venv_says_where_its_packages_are(venv: Path) -> None:
    assert ask_interpreter(recognise(venv)).folders == (str(site_packages(venv)),)


def test_a_conda_environment_says_where_its_packages_are(conda: Path) -> None:
    facts = ask_interpreter(recognise(conda))
    assert (facts.folders, facts.sources) == ((str(site_packages(conda)),), ())


def test_packages_of_the_base_python_are_seen_where_the_environment_takes_them(venv: Path) -> None:
    config = venv / "pyvenv.cfg"
    config.write_text(config.read_text().replace("-packages = false", "-packages = true"))
    assert len(ask_interpreter(recognise(venv)).folders) > 1


def test_a_folder_that_a_path_file_adds_is_seen(venv: Path, tmp_path: Path) -> None:
    (tmp_path / "loose").mkdir()
    (site_packages(venv) / "loose.pth").write_text(f"{tmp_path / 'loose'}\n")
    assert ask_interpreter(recognise(venv)).sources == (str(tmp_path / "loose"),)


def test_what_was_said_survives_being_written_down(venv: Path) -> None:
    facts = ask_interpreter(recognise(venv))
    assert from_json(as_json(facts)) == facts


def test_a_missing_folder_is_named_so(tmp_path: Path) -> None:
    assert unusable(tmp_path / "nowhere") == "it isn't there"


def test_a_file_is_no_environment(venv: Path) -> None:
    assert "name the environment's folder" in unusable(venv / "bin/python")


def test_any_other_folder_is_no_environment(tmp_path: Path) -> None:
    assert unusable(tmp_path) == "it isn't an environment: it has neither pyvenv.cfg nor conda-meta"


def test_an_interpreter_that_is_gone_is_named(venv: Path) -> None:
    (venv / "bin/python").unlink()
    (venv / "bin/python").symlink_to("/nowhere/python")
    assert unusable(venv) == f"its interpreter {venv}/bin/python is gone"


def test_an_interpreter_that_does_not_run_says_why(venv: Path) -> None:
    (venv / "bin/python").unlink()
    (venv / "bin/python").write_text("#!/bin/sh\necho no such library >&2\nexit 127\n")
    (venv / "bin/python").chmod(0o755)
    assert unusable(venv) == "its interpreter doesn't run: no such library"


@pytest.mark.parametrize("content", [b"\0garbage", b""])
def test_an_interpreter_that_is_no_program_is_refused(venv: Path, content: bytes) -> None:
    (venv / "bin/python").unlink()
    (venv / "bin/python").write_bytes(content)
    (venv / "bin/python").chmod(0o755)
    assert unusable(venv).startswith("its interpreter doesn't run: ")


def test_an_interpreter_of_another_environment_is_refused(venv: Path, conda: Path) -> None:
    shutil.rmtree(conda / "lib")
    (conda / "bin/python").unlink()
    (conda / "bin/python").symlink_to(os.path.realpath(venv / "bin/python"))
    assert unusable(conda).startswith("its interpreter belongs to ")


@pytest.mark.parametrize("name", ["x" * 300, "a\0b"])
def test_a_name_that_no_folder_can_have_is_refused(tmp_path: Path, name: str) -> None:
    assert unusable(tmp_path / name).startswith("it can't be read: ")


def test_a_link_that_leads_to_itself_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert unusable(tmp_path / "loop") == "it isn't there"


def test_a_package_that_prints_as_the_interpreter_starts_does_not_confuse(venv: Path) -> None:
    (site_packages(venv) / "noise.pth").write_text("import sys; print('{welcome')\n")
    assert ask_interpreter(recognise(venv)).folders == (str(site_packages(venv)),)


def test_an_interpreter_that_answers_something_else_is_refused(venv: Path) -> None:
    (venv / "bin/python").unlink()
    (venv / "bin/python").write_text("#!/bin/sh\necho Python 2.7\n")
    (venv / "bin/python").chmod(0o755)
    assert unusable(venv).startswith("its interpreter doesn't run: ")


def test_asking_writes_nothing_into_it(conda: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in [conda, *conda.rglob("*")]}
    ask_interpreter(recognise(conda))
    assert {path: path.stat().st_mtime_ns for path in [conda, *conda.rglob("*")]} == before


def test_a_name_of_any_characters_will_do(venv: Path, tmp_path: Path) -> None:
    odd = venv.rename(tmp_path / "Älté  ümgebung '\"$x")
    assert ask_interpreter(recognise(odd)).folders == (str(site_packages(odd)),)
