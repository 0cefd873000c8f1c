"""What a stage's process sees: its interpreter, its environment, and no stray variables."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Sandbox
from tests.jobs.helpers import prepared

STRAY = {
    "PYTHONPATH": "/stray",
    "PYTHONSTARTUP": "/stray/startup.py",
    "CONDA_PREFIX": "/stray/conda",
    "VIRTUAL_ENV": "/stray/active",
    "AWS_SECRET_ACCESS_KEY": "s3cret",
}


@pytest.fixture
def inside(ready: Sandbox) -> dict[str, Any]:
    """What a stage sees when run-pipeline is started with stray variables."""
    ready.workflow("tested", "report_alpha: {}")
    id = prepared(ready, "tested").id
    path = f"/stray/active/bin:{os.environ['PATH']}"
    done = ready.run("run-pipeline", "-j", id, variables={**STRAY, "PATH": path})
    assert done.code == 0, done.err
    report = json.loads((ready.job(id) / "stages/report_alpha/1/outputs/report.json").read_text())
    return {**report, "expected": os.path.realpath(ready.root / "venv/alpha")}


def test_a_stage_runs_on_its_environments_interpreter(inside: dict[str, Any]) -> None:
    assert inside["prefix"] == inside["expected"]
    assert Path(inside["executable"]).parent == Path(inside["expected"], "bin")


def test_a_stage_sees_its_environment_as_the_active_one(inside: dict[str, Any]) -> None:
    assert inside["variables"]["VIRTUAL_ENV"] == inside["expected"]
    path = inside["variables"]["PATH"].split(os.pathsep)
    assert path[0] == f"{inside['expected']}/bin"
    assert "/stray/active/bin" not in path


def test_a_stage_sees_no_variable_that_steers_python(inside: dict[str, Any]) -> None:
    assert {*STRAY} & {*inside["variables"]} == {"VIRTUAL_ENV"}
    assert inside["variables"]["PYTHONNOUSERSITE"] == "1"


def test_a_stage_finds_standard_input_empty(inside: dict[str, Any]) -> None:
    assert inside["standard_input"] == ""


def test_a_stages_path_holds_its_environment_and_the_standard_library_only(inside: dict[str, Any]) -> None:
    library = Path(os.__file__).parent
    allowed = {str(library), str(library / "lib-dynload"), f"{sys.base_prefix}/lib/python311.zip"}
    others = [entry for entry in inside["path"] if entry not in allowed and "python3" not in Path(entry).name]
    assert others == [f"{inside['expected']}/lib/{library.name}/site-packages"]
