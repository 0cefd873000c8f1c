"""A stage's variables: a pure function of an environment and of what there is."""

import os
from pathlib import Path

import pytest

from pipeline.envs.variables import REMOVED, stage_variables, without_python

PREFIX = Path("/project/venv/alpha")


def test_the_environment_is_active_and_first_on_the_path() -> None:
    variables = stage_variables(PREFIX, {"PATH": "/usr/bin:/bin"})
    assert variables["VIRTUAL_ENV"] == str(PREFIX)
    assert variables["PATH"] == f"{PREFIX}/bin:/usr/bin:/bin"
    assert variables["PYTHONNOUSERSITE"] == variables["PYTHONDONTWRITEBYTECODE"] == "1"


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
