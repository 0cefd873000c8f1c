"""LAMMPS: forces of a calculator in its simulations, and its own forces beside those of a calculator in i-PI."""

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import BIN
from tests.e2e.atoms_project import made, python_in, variables

HERE = Path(__file__).parent
REQUIREMENTS = {
    "lammps": "ase==3.26.0\nnumpy>=2\nlammps[mpi]==2025.7.22.4.0\n",
    "ipi": "ipi==3.3.1\nnumpy<2.3\n",
}
# LAMMPS as a calculator for i-PI, which tells it where the atoms are. It looks for the socket once.
CLIENT = """units metal
atom_modify map array sort 0 0
region cell block 0 7.22 0 3.61 0 3.61
create_box 1 cell
create_atoms 1 random 8 1 cell
mass 1 63.546
pair_style lj/cut 5.0
pair_coeff 1 1 0.01 2.3
pair_modify shift yes
fix driven all ipi ADDRESS 31415 unix
run 1000000
"""
# Writes what i-PI begins with; the energy of both calculators together.
EXPECTED = """
import json
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones
from ase.calculators.mixing import SumCalculator

atoms = bulk("Cu", "fcc", a=3.61, cubic=True) * (2, 1, 1)
atoms.rattle(0.05, seed=2)
lines = ["8", "# CELL(abcABC): 7.22 3.61 3.61 90 90 90 cell{angstrom} positions{angstrom}"]
lines += [" ".join([each.symbol, *map(repr, map(float, each.position))]) for each in atoms]
open("init.xyz", "w").write("\\n".join(lines) + "\\n")
atoms.calc = SumCalculator([EMT(), LennardJones(epsilon=0.01, sigma=2.3, rc=5.0)])
print(json.dumps(atoms.get_potential_energy()))
"""


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory, spawning: None) -> Path:
    """The example's project, with environments that have LAMMPS and i-PI."""
    return made(tmp_path_factory.mktemp("simulated") / "project", REQUIREMENTS)


@pytest.fixture
def folder() -> Iterator[Path]:
    """To run i-PI in."""
    path = Path(tempfile.mkdtemp())
    yield path
    shutil.rmtree(path)


def test_a_simulation_gets_the_forces_of_a_calculator_in_another_environment(simulated: Path) -> None:
    done = python_in(simulated, "lammps", HERE / "lammps_checks.py")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2] == "mistakes"


def test_i_pi_adds_the_forces_of_lammps_to_those_of_a_calculator(simulated: Path, folder: Path) -> None:
    python = simulated / "venv/lammps/bin/python"
    here = subprocess.run([python, "-I", "-c", EXPECTED], cwd=folder, capture_output=True, text=True, check=True)
    ours, theirs = f"pipeline-ours-{os.getpid()}", f"pipeline-theirs-{os.getpid()}"
    one = (HERE / "ipi_input.xml").read_text()
    socket = f"<ffsocket name='lj' mode='unix' pbc='false'><address>{theirs}</address></ffsocket>"
    both = one.replace("ADDRESS", ours).replace("<system>", f"{socket}\n  <system>")
    (folder / "input.xml").write_text(both.replace("</forces>", "<force forcefield='lj'/></forces>"))
    (folder / "client.in").write_text(CLIENT.replace("ADDRESS", theirs))
    driver: list[str | Path] = [simulated / "venv/ipi/bin/i-pi", "input.xml"]
    lammps: list[str | Path] = [simulated / "venv/lammps/bin/lmp", "-in", "client.in", "-log", "none"]
    drive = [str(BIN / "pipeline"), "calculator", "drive", "emt", "--unix", ours, "--species", "Cu8"]
    known = variables(simulated)
    with subprocess.Popen(driver, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as ipi:
        _wait_for(Path(f"/tmp/ipi_{theirs}"), ipi)
        with subprocess.Popen(lammps, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as other:
            done = subprocess.run(drive, env=known, capture_output=True, text=True, timeout=200, check=False)
            said = ipi.communicate(timeout=60)[0] + other.communicate(timeout=60)[0]
    assert (done.returncode, done.stdout) == (0, "6 calculations\n"), done.stderr + said
    steps = [list(map(float, line.split())) for line in (folder / "run.out").read_text().splitlines() if line[0] != "#"]
    assert steps[0][1] == pytest.approx(json.loads(here.stdout), abs=1e-6)
    assert steps[-1][2] == pytest.approx(steps[0][2], abs=1e-3)


def _wait_for(path: Path, driver: "subprocess.Popen[str]") -> None:
    end = time.monotonic() + 60
    while not path.is_socket():
        assert driver.poll() is None
        assert time.monotonic() < end
        time.sleep(0.05)
