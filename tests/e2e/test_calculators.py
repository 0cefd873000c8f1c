"""Calculators for atoms: numpy 1 in the calculator's environment, numpy 2 in the program that uses it."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.conftest import BIN
from tests.e2e.atoms_project import CALLER, Done, made, python_in, variables

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def atoms(tmp_path_factory: pytest.TempPathFactory, spawning: None) -> Path:
    """A new project of this example, with the environment of a program beside those of the calculators."""
    return made(tmp_path_factory.mktemp("atoms") / "project", CALLER)


def test_a_calculator_gives_what_it_gives_in_the_same_process(spawning: None, atoms: Path) -> None:
    done = python_in(atoms, "caller", HERE / "calculator_checks.py")
    assert done.returncode == 0, done.stderr
    *checks, numpy = done.stdout.splitlines()
    assert checks[-2:] == ["no such calculator", "no such model"]
    assert numpy.startswith("2.")


def test_the_example_s_own_script_relaxes_copper(spawning: None, atoms: Path) -> None:
    done = python_in(atoms, "caller", atoms / "relax_copper.py")
    assert done.returncode == 0, done.stderr
    assert "numpy here is 2." in done.stdout


def test_the_example_s_workflow_runs(spawning: None, atoms: Path) -> None:
    command: list[str | Path] = [BIN / "pipeline", "run", "relax", atoms / "copper.xyz"]
    done = subprocess.run(command, env=variables(atoms), capture_output=True, text=True, check=False)
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


def _driven(atoms: Path, species: str) -> tuple[Done, Done]:
    """How ASE's driver of eight atoms ended, and the calculator that it asked."""
    name = f"{species}_{os.getpid()}"
    command: list[str | Path] = [BIN / "pipeline", "calculator", "drive", "emt", "--unix", name, "--species", species]
    with subprocess.Popen(
        command, env=variables(atoms), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as calculator:
        driver = python_in(atoms, "caller", HERE / "ipi_driver.py", name)
        stdout, stderr = calculator.communicate(timeout=60)
    return driver, Done(command, calculator.returncode, stdout, stderr)
