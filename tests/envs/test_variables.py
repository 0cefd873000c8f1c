"""A stage's variables: a pure function of an environment and of what there is."""

import os
from pathlib import Path

import pytest

from pipeline.envs.platform.layout import interpreter
from pipeline.envs.variables import (
    OVERRIDING,
    REMOVED,
    VariableFolders,
    filled,
    stage_variables,
    system_path,
    unknown_placeholder,
    which,
    without_python,
)

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
    monkeypatch.setattr("pipeline.envs.platform.layout.WINDOWS", True)
    path = stage_variables(PREFIX, {"PATH": ""}, conda=True)["PATH"].split(os.pathsep)
    assert path[0] == str(PREFIX)
    assert f"{PREFIX}/Library/bin" in path


def test_on_windows_conda_s_interpreter_stands_beside_its_scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.envs.platform.layout.WINDOWS", True)
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


@pytest.mark.parametrize("name", ["CONDA_PREFIX", "CONDA_PREFIX_1", "CONDA_PREFIX_12"])
def test_an_active_conda_environment_leaves_the_path_as_well(name: str) -> None:
    base = {name: "/opt/conda", "PATH": "/opt/conda/bin/:/opt/conda/condabin:/usr/bin:/opt/conda/bin"}
    assert stage_variables(PREFIX, base)["PATH"] == f"{PREFIX}/bin:/opt/conda/condabin:/usr/bin"


def test_conda_s_other_variables_name_no_environment() -> None:
    base = {"CONDA_PREFIX_": "/a", "CONDA_EXE": "/b", "CONDA_PREFIX": "", "PATH": "/a/bin:/b/bin:bin"}
    assert system_path(base) == ["/a/bin", "/b/bin", "bin"]


@pytest.mark.parametrize("name", ["VIRTUAL_ENV", "CONDA_PREFIX"])
def test_a_program_is_looked_for_where_a_stage_finds_it(tmp_path: Path, name: str) -> None:
    """So that a job isn't prepared with a program that its stages then lack."""
    program = tmp_path / "active/bin/tool"
    program.parent.mkdir(parents=True)
    program.touch(0o755)
    base = {"PATH": f"{program.parent}:/nowhere"}
    assert which("tool", base) == str(program)
    assert which("tool", {**base, name: str(tmp_path / "active")}) is None


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


PLACES = VariableFolders(Path("/project"), Path("/disk/cache"), Path("/disk/models"), PREFIX)


def test_what_libraries_keep_goes_into_the_project_s_cache() -> None:
    own = filled((), PLACES)
    assert own["HF_HOME"] == "/disk/cache/home/huggingface"
    assert own["XDG_CACHE_HOME"] == "/disk/cache/home"
    assert {Path(folder).parts[:4] for folder in own.values()} == {("/", "disk", "cache", "home")}


def test_placeholders_are_filled_and_other_braces_are_left() -> None:
    templates = (("A", "{models}/a:{environment}/b:{project}:{cache}"), ("B", '{"a": {}}'), ("C", "{}$HOME"))
    own = filled(templates, PLACES)
    assert own["A"] == f"/disk/models/a:{PREFIX}/b:/project:/disk/cache"
    assert (own["B"], own["C"]) == ('{"a": {}}', "{}$HOME")


def test_what_a_person_wrote_goes_before_what_is_usual() -> None:
    assert filled((("HF_HOME", "{models}/hub"),), PLACES)["HF_HOME"] == "/disk/models/hub"


def test_an_environment_s_own_variables_go_before_the_caller_s() -> None:
    own = filled((("LEVEL", "2"),), PLACES)
    variables = stage_variables(PREFIX, {"LEVEL": "1", "HF_HOME": "/home/me/hf", "OTHER": "x"}, (), own)
    assert (variables["LEVEL"], variables["OTHER"]) == ("2", "x")
    assert variables["HF_HOME"] == "/disk/cache/home/huggingface"


@pytest.mark.parametrize("name", OVERRIDING)
def test_a_person_s_setting_that_would_go_before_the_project_s_cache_is_removed(name: str) -> None:
    assert name not in stage_variables(PREFIX, {name: "/home/me/elsewhere"}, (), filled((), PLACES))


def test_a_setting_that_the_definition_has_itself_stays() -> None:
    own = filled((("HF_HUB_CACHE", "{models}/hub"),), PLACES)
    assert stage_variables(PREFIX, {"HF_HUB_CACHE": "/x"}, (), own)["HF_HUB_CACHE"] == "/disk/models/hub"


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ({"HOME": "/home/me"}, "/home/me/.cache/huggingface/token"),
        ({"HOME": "/home/me", "XDG_CACHE_HOME": "/fast"}, "/fast/huggingface/token"),
        ({"HOME": "/home/me", "HF_HOME": "/hf"}, "/hf/token"),
        ({"HOME": "/home/me", "HF_TOKEN_PATH": "/secret"}, "/secret"),
        ({}, None),
    ],
)
def test_a_person_s_login_is_found_where_it_was(base: dict[str, str], expected: str | None) -> None:
    assert stage_variables(PREFIX, base, (), filled((), PLACES)).get("HF_TOKEN_PATH") == expected


def test_without_variables_of_its_own_nothing_is_added() -> None:
    assert "HF_TOKEN_PATH" not in stage_variables(PREFIX, {"HOME": "/home/me"})


def test_a_template_that_names_no_folder_is_known() -> None:
    assert unknown_placeholder("{cache}/{cash}") == "cash"
    assert unknown_placeholder('{"a": 1}{}') is None
