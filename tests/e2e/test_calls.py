"""Calls between two versions of numpy."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import BIN, REPOSITORY
from tests.e2e.conftest import REAL_VARIABLES

FUNCTIONS = "import numpy\ndef echo(value): return value\ndef numpy_version(): return numpy.__version__\n"
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture(scope="module")
def numpies(tmp_path_factory: pytest.TempPathFactory, spawning: None) -> Path:
    """A project with two environments, of numpy 1 and 2."""
    root = tmp_path_factory.mktemp("numpies")
    for folder in ("config/environments", "requirements", "stages"):
        (root / folder).mkdir(parents=True)
    (root / "config/pipeline.yaml").write_text("default_workflows: []\n")
    for name, wanted in (("one", "numpy<2"), ("two", "numpy>=2")):
        (root / f"config/environments/{name}.yaml").write_text(f'python: "=={VERSION}.*"\nimports: [numpy]\n')
        (root / f"requirements/{name}.txt").write_text(f"{wanted}\n")
    for command in (("pipeline", "env", "lock", "one"), ("pipeline", "env", "lock", "two"), ("bootstrap", "--all")):
        variables = {**REAL_VARIABLES, "PIPELINE_ROOT": str(root)}
        subprocess.run([BIN / command[0], *command[1:]], env=variables, check=True)
    return root


@pytest.mark.parametrize(("caller", "worker"), [("two", "one"), ("one", "two")])
def test_arrays_come_back_as_they_were_between_two_versions_of_numpy(
    spawning: None, numpies: Path, caller: str, worker: str
) -> None:
    file = numpies / "functions.py"
    file.write_text(FUNCTIONS)
    packages = numpies / "venv" / caller / "lib" / f"python{VERSION}" / "site-packages"
    variables = {**REAL_VARIABLES, "PIPELINE_ROOT": str(numpies), "PYTHONPATH": f"{REPOSITORY}:{packages}"}
    script = Path(__file__).parent / "arrays_there_and_back.py"
    done = subprocess.run(
        [sys.executable, script, worker, file], env=variables, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert sorted(version[0] for version in done.stdout.split()) == ["1", "2"]
