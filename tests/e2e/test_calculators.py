"""Calculators for atoms: numpy 1 in the calculator's environment, numpy 2 in the program that uses it."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.conftest import BIN, REPOSITORY
from tests.e2e.conftest import REAL_VARIABLES

VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
HERE = Path(__file__).parent
CALLER = {
    "config/environments/caller.yaml": f'python: "=={VERSION}.*"\nimports: [ase, numpy]\n',
    "requirements/caller.txt": "ase==3.26.0\nnumpy>=2\n",
}


@pytest.fixture(scope="module")
def atoms(tmp_path_factory: pytest.TempPathFactory, spawning: None) -> Path:
    """A new project of this example, with the environment of a program beside those of the calculators."""
    root = tmp_path_factory.mktemp("atoms") / "project"
    subprocess.run([BIN / "pipeline", "init", "--example", "atoms", root], env=REAL_VARIABLES, check=True)
    for name, text in CALLER.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    settings = root / "config" / "pipeline.yaml"
    settings.write_text(settings.read_text().replace("store: user", "#"))
    for command in (("pipeline", "env", "lock", "emt", "caller"), ("bootstrap", "--env", "emt", "--env", "caller")):
        subprocess.run([BIN / command[0], *command[1:]], env=_variables(root), check=True)
    return root


def test_a_calculator_gives_what_it_gives_in_the_same_process(spawning: None, atoms: Path) -> None:
    done = python_in(atoms, HERE / "calculator_checks.py")
    assert done.returncode == 0, done.stderr
    *checks, numpy = done.stdout.splitlines()
    assert checks[-2:] == ["no such calculator", "no such model"]
    assert numpy.startswith("2.")


def test_the_example_s_own_script_relaxes_copper(spawning: None, atoms: Path) -> None:
    done = python_in(atoms, atoms / "relax_copper.py")
    assert done.returncode == 0, done.stderr
    assert "numpy here is 2." in done.stdout


def test_the_example_s_workflow_runs(spawning: None, atoms: Path) -> None:
    command: list[str | Path] = [BIN / "pipeline", "run", "relax", atoms / "copper.xyz"]
    done = subprocess.run(command, env=_variables(atoms), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    relaxed, summary = map(Path, done.stdout.splitlines()[-2:])
    assert relaxed.stat().st_size
    assert '"numpy": "1.' in summary.read_text()


def test_a_driver_that_speaks_i_pi_gets_its_forces(spawning: None, atoms: Path) -> None:
    driver, calculator = _driven(atoms, "Cu8")
    assert (driver.returncode, driver.stdout) == (0, "the same\n"), driver.stderr
    assert (calculator.returncode, calculator.stdout) == (0, "3 calculations\n")


def test_a_driver_s_atoms_must_be_as_many_as_the_species(spawning: None, atoms: Path) -> None:
    driver, calculator = _driven(atoms, "Cu2")
    assert driver.returncode
    assert calculator.returncode
    assert "8 atoms" in calculator.stderr


Done = subprocess.CompletedProcess[str]


def _driven(atoms: Path, species: str) -> tuple[Done, Done]:
    """How ASE's driver of eight atoms ended, and the calculator that it asked."""
    name = f"{species}_{os.getpid()}"
    command: list[str | Path] = [BIN / "pipeline", "calculator", "drive", "emt", "--unix", name, "--species", species]
    with subprocess.Popen(
        command, env=_variables(atoms), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as calculator:
        driver = python_in(atoms, HERE / "ipi_driver.py", name)
        stdout, stderr = calculator.communicate(timeout=60)
    return driver, Done(command, calculator.returncode, stdout, stderr)


def python_in(atoms: Path, script: Path, *arguments: str) -> Done:
    packages = atoms / "venv" / "caller" / "lib" / f"python{VERSION}" / "site-packages"
    variables = {**_variables(atoms), "PYTHONPATH": f"{REPOSITORY}:{packages}"}
    command: list[str | Path] = [sys.executable, script, *arguments]
    return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=300, check=False)


def _variables(atoms: Path) -> Mapping[str, str]:
    return {**REAL_VARIABLES, "PIPELINE_ROOT": str(atoms)}
