"""Calls between two versions of numpy."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.envs import uv
from tests.conftest import BIN, REPOSITORY
from tests.e2e.conftest import REAL_VARIABLES

FUNCTIONS = """
import sys

import numpy


def echo(value):
    return value


def numpy_version():
    return numpy.__version__


def kind(value):
    return type(value).__name__


def ends(array):
    return [int(array[0]), int(array[-1]), array.nbytes]


def of_size(size):
    array = numpy.zeros(size, numpy.uint8)
    array[[0, -1]] = 7, 9
    return array


def versions():
    return sys.version.split()[0]
"""
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture(scope="module")
def numpies(tmp_path_factory: pytest.TempPathFactory, spawning: None) -> Path:
    """A project with two environments, of numpy 1 and 2."""
    root = tmp_path_factory.mktemp("numpies")
    for folder in ("config/environments", "requirements", "stages"):
        (root / folder).mkdir(parents=True)
    (root / "config/pipeline.yaml").write_text("default_workflows: []\n")
    add(root, "one", VERSION, "numpy<2", "pyarrow<18")  # newer ones want numpy 2
    add(root, "two", VERSION, "numpy>=2", "pyarrow")
    return root


def add(root: Path, name: str, python: str, *wanted: str) -> None:
    """An environment with this Python, and numpy and Arrow."""
    (root / f"config/environments/{name}.yaml").write_text(f'python: "=={python}.*"\nimports: [numpy, pyarrow]\n')
    (root / f"requirements/{name}.txt").write_text("\n".join(wanted) + "\n")
    for command in (("pipeline", "env", "lock", name), ("bootstrap", "--env", name)):
        variables = {**REAL_VARIABLES, "PIPELINE_ROOT": str(root)}
        subprocess.run([BIN / command[0], *command[1:]], env=variables, check=True)


def require_python(version: str) -> None:
    """Skip the test where uv finds no such Python that runs."""
    command = [str(uv.find()), "python", "find", "--no-python-downloads", "--no-project", version]
    if subprocess.run(command, capture_output=True, env=REAL_VARIABLES, check=False).returncode:
        pytest.skip(f"there is no Python {version} here")


@pytest.mark.parametrize(("caller", "worker"), [("two", "one"), ("one", "two")])
def test_arrays_come_back_as_they_were_between_two_versions_of_numpy(
    spawning: None, numpies: Path, caller: str, worker: str
) -> None:
    done = program(numpies, caller, "arrays_there_and_back.py", worker)
    assert sorted(version[0] for version in done.split()) == ["1", "2"]


def test_tables_of_arrow_come_back_as_such(spawning: None, numpies: Path) -> None:
    assert program(numpies, "two", "tables_there_and_back.py", "one", "tables").startswith(VERSION)


@pytest.mark.parametrize("version", ["3.8", "3.14"])
def test_a_worker_may_have_an_older_or_a_newer_python(spawning: None, numpies: Path, version: str) -> None:
    require_python(version)
    name = f"python{version.replace('.', '')}"
    add(numpies, name, version, "numpy", "pyarrow")
    assert program(numpies, "two", "tables_there_and_back.py", name, "tables").startswith(version)
    program(numpies, "two", "arrays_there_and_back.py", name)


@pytest.mark.heavy
def test_an_array_of_more_than_two_gib_comes_back(spawning: None, numpies: Path) -> None:
    program(numpies, "two", "tables_there_and_back.py", "one", "large")


def program(root: Path, caller: str, script: str, worker: str, *words: str) -> str:
    """What a program prints that has the packages of one environment, and calls into another one."""
    file = root / "functions.py"
    file.write_text(FUNCTIONS)
    packages = root / "venv" / caller / "lib" / f"python{VERSION}" / "site-packages"
    variables = {**REAL_VARIABLES, "PIPELINE_ROOT": str(root), "PYTHONPATH": f"{REPOSITORY}:{packages}"}
    command: list[str | Path] = [sys.executable, Path(__file__).with_name(script), worker, file, *words]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
