"""Machine-learned potentials, each in an environment with its own torch: CHGNet with its weights, two untrained."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.atoms_project import CALLER, build, python_in, written

pytestmark = pytest.mark.heavy

HERE = Path(__file__).parent
UNTRAINED = """

import torch


def setup(model="untrained", device="cpu"):
    torch.manual_seed(1)
    return untrained()
"""
NAMES = ("chgnet", "mace", "orb")
DISK = 25 << 30  # bytes
# The same in the calculator's own process, with nothing of ours.
DIRECT = """
import importlib.util, json, sys
from ase.build import bulk

spec = importlib.util.spec_from_file_location("potential", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
atoms = bulk("Cu", cubic=True)
atoms.rattle(0.05, seed=1)
atoms.calc = module.setup()
print()
print(json.dumps([float(atoms.get_potential_energy()), atoms.get_forces().tolist(), atoms.get_stress().tolist()]))
"""


@pytest.fixture(scope="module")
def potentials(tmp_path_factory: pytest.TempPathFactory, spawning: None) -> Path:
    root = tmp_path_factory.mktemp("potentials") / "project"
    if shutil.disk_usage(root.parent).free < DISK:
        pytest.skip("three environments with torch need 25 GiB of disk space")
    written(root, CALLER)
    for name in ("mace", "orb"):
        with (root / "calculators" / f"{name}.py").open("a") as file:
            file.write(UNTRAINED)
    build(root, "caller", *NAMES)
    return root


@pytest.fixture(scope="module")
def given(potentials: Path) -> Mapping[str, Any]:
    """What the program gets, by the calculator's name."""
    done = python_in(potentials, "caller", HERE / "potential_checks.py", *NAMES)
    assert done.returncode == 0, done.stderr
    return {each["name"]: each for each in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("name", NAMES)
def test_a_program_gets_what_the_potential_gives_in_its_own_process(
    potentials: Path, given: Mapping[str, Any], name: str
) -> None:
    python = potentials / "venv" / name / "bin" / "python"
    command: list[str | Path] = [python, "-I", "-c", DIRECT, potentials / f"calculators/{name}.py"]
    direct = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert direct.returncode == 0, direct.stderr
    energy, forces, stress = json.loads(direct.stdout.splitlines()[-1])
    assert given[name]["energy"] == pytest.approx(energy, abs=1e-4)
    assert given[name]["stress"] == pytest.approx(stress, abs=1e-4)
    for here, there in zip(given[name]["forces"], forces, strict=True):
        assert here == pytest.approx(there, abs=1e-4)


def test_properties_and_types_of_numbers_are_those_of_the_model(given: Mapping[str, Any]) -> None:
    assert {name: each["dtype"] for name, each in given.items()} == {
        "chgnet": "float32",
        "mace": "float64",
        "orb": "float32",
    }
    assert {"magmoms", "crystal_fea"} <= set(given["chgnet"]["results"])
    assert {"node_energy", "energies"} <= set(given["mace"]["results"])
    assert {"confidence", "grad_forces"} <= set(given["orb"]["results"])
