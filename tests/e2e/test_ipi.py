"""i-PI itself drives a calculator."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import BIN
from tests.e2e.atoms_project import made, variables

INPUT = Path(__file__).with_name("ipi_input.xml")
# Writes what i-PI begins with, and prints what the calculator gives for it here: the energy, and the stress in the
# order and the units of i-PI, which counts pressure as positive.
HERE = """
import json
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.units import Bohr, Hartree

atoms = bulk("Cu", "fcc", a=3.61, cubic=True) * (2, 1, 1)
atoms.rattle(0.05, seed=2)
lines = ["8", "# CELL(abcABC): 7.22 3.61 3.61 90 90 90 cell{angstrom} positions{angstrom}"]
lines += [" ".join([each.symbol, *map(repr, map(float, each.position))]) for each in atoms]
open("init.xyz", "w").write("\\n".join(lines) + "\\n")
atoms.calc = EMT()
stress = -atoms.get_stress(voigt=False) / (Hartree / Bohr**3)
order = [(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)]
print(json.dumps([atoms.get_potential_energy(), [stress[each] for each in order]]))
"""


@pytest.fixture(scope="module")
def driven(tmp_path_factory: pytest.TempPathFactory, spawning: None) -> Path:
    """The example's project with EMT, and an environment with i-PI."""
    return made(tmp_path_factory.mktemp("driven") / "project", {"ipi": "ipi==3.3.1\nnumpy<2.3\n"})


@pytest.fixture
def folder() -> Iterator[Path]:
    """To run i-PI in."""
    path = Path(tempfile.mkdtemp())
    yield path
    shutil.rmtree(path)


def test_i_pi_gets_the_energy_and_the_stress_that_the_calculator_gives(driven: Path, folder: Path) -> None:
    python = driven / "venv/emt/bin/python"
    here = subprocess.run([python, "-I", "-c", HERE], cwd=folder, capture_output=True, text=True, check=True)
    energy, stress = json.loads(here.stdout)
    name = f"pipeline-test-{os.getpid()}"
    (folder / "input.xml").write_text(INPUT.read_text().replace("ADDRESS", name))
    driver: list[str | Path] = [driven / "venv/ipi/bin/i-pi", "input.xml"]
    with subprocess.Popen(driver, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as ipi:
        command: list[str | Path] = [BIN / "pipeline", "calculator", "drive", "emt", "--unix", name, "--species", "Cu8"]
        done = subprocess.run(command, env=variables(driven), capture_output=True, text=True, timeout=200, check=False)
        said, _ = ipi.communicate(timeout=60)
    assert (done.returncode, done.stdout) == (0, "6 calculations\n"), done.stderr + said
    steps = [list(map(float, line.split())) for line in (folder / "run.out").read_text().splitlines() if line[0] != "#"]
    assert len(steps) == 6
    assert steps[0][1] == pytest.approx(energy, abs=1e-6)
    assert steps[0][3:9] == pytest.approx(stress, abs=1e-9)
    assert steps[-1][2] == pytest.approx(steps[0][2], abs=1e-3)
