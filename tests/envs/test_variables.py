"""A stage's variables: a pure function of an environment and of what there is."""

import os
from pathlib import Path

import pytest

from pipeline.envs.platform import interpreter
from pipeline.envs.variables import REMOVED, stage_variables, without_python

PREFIX = Path("/project/venv/alpha")


def test_the_environment_is_active_and_first_on_the_path() -> None:
    variables = stage_variables(PREFIX, {"PATH": "/usr/bin:/bin"})
    assert variables["VIRTUAL_ENV"] == str(PREFIX)
    assert variables["PATH"] == f"{PREFIX}/bin:/usr/bin:/bin"
    assert variables["PYTHONNOUSERSITE"] == variables["PYTHONDONTWRITEBYTECODE"] == "1"


def test_a_conda_environment_is_active_as_conda_makes_it() -> None:
    base = {"PATH": "/usr/bin", "CONDA_PREFIX": "/home/me/base", "VIRTUAL_ENV": "/home/me/venv"}
    variables = stage_variables(PREFIX, base, conda=True)
    assert (variables["CONDA_PREFIX"], variables["CONDA_DEFAULT_ENV"]) == (str(PREFIX), "alpha")
    assert variables["PATH"] == f"{PREFIX}/bin:/usr/bin"
    assert "VIRTUAL_ENV" not in variables


def test_on_windows_conda_s_libraries_are_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.envs.platform.WINDOWS", True)
    path = stage_variables(PREFIX, {"PATH": ""}, conda=True)["PATH"].split(os.pathsep)
    assert path[0] == str(PREFIX)
    assert f"{PREFIX}/Library/bin" in path


def test_on_windows_conda_s_interpreter_stands_beside_its_scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.envs.platform.WINDOWS", True)
    assert interpreter(PREFIX, conda=True) == PREFIX / "python.exe"
    assert interpreter(PREFIX) == PREFIX / "Scripts" / "python.exe"


@pytest.mark.parametrize("name", sorted(REMOVED))
def test_what_steers_an_interpreter_is_removed(name: str) -> None:
    assert name not in stage_variables(PREFIX, {name: "x", "PATH": ""})
    assert name not in without_python({name: "x"})


def test_the_architecture_s_list_is_covered() -> None:
    assert {"PYTHONPATH", "PYTHONHOME", "CONDA_PREFIX", "__PYVENV_LAUNCHER__"} <= REMOVED.keys()
    assert all(REMOVED.values())


def test_other_variables_pass() -> None:
    assert stage_variables(PREFIX, {"LANG": "C.UTF-8", "CUDA_VISIBLE_DEVICES": "1"}).items() >= {
        ("LANG", "C.UTF-8"),
        ("CUDA_VISIBLE_DEVICES", "1"),
    }


def test_the_person_s_active_environment_leaves_the_path() -> None:
    base = {"VIRTUAL_ENV": "/home/me/.venv", "PATH": "/home/me/.venv/bin/:/usr/bin:/home/me/.venv/bin"}
    assert stage_variables(PREFIX, base)["PATH"] == f"{PREFIX}/bin:/usr/bin"


def test_tools_of_other_environments_come_between_the_environment_and_the_system() -> None:
    variables = stage_variables(PREFIX, {"PATH": "/usr/bin"}, [Path("/project/venv/ffmpeg/provides")])
    assert variables["PATH"] == f"{PREFIX}/bin:/project/venv/ffmpeg/provides:/usr/bin"


def test_an_empty_entry_which_would_mean_the_current_folder_is_dropped() -> None:
    assert stage_variables(PREFIX, {"PATH": ":/usr/bin::"})["PATH"] == f"{PREFIX}/bin:/usr/bin"


def test_without_a_path_there_is_the_system_s_default() -> None:
    assert stage_variables(PREFIX, {})["PATH"] == f"{PREFIX}/bin:{os.defpath}"


def test_nothing_that_is_given_is_changed() -> None:
    base = {"PATH": "/usr/bin", "VIRTUAL_ENV": "/x", "PYTHONPATH": "/y"}
    before, environ = dict(base), dict(os.environ)
    assert stage_variables(PREFIX, base) == stage_variables(PREFIX, base)
    assert base == before
    assert dict(os.environ) == environ
