# /// script
# [tool.pipeline.stage]
# environment = "emt"
# inputs = ["structure"]
# [tool.pipeline.stage.parameters]
# largest_force = 0.01
# [tool.pipeline.stage.outputs]
# relaxed = "relaxed.xyz"
# summary = "summary.json"
# ///
"""Move the atoms of a structure until no force is larger than ``largest_force`` (eV/Å)."""

import json

import numpy as np
from ase.calculators.emt import EMT
from ase.io import read, write
from ase.optimize import BFGS


def run(stage):
    atoms = read(stage.input("structure"))
    atoms.calc = EMT()
    optimizer = BFGS(atoms, logfile=None)
    converged = optimizer.run(fmax=stage.parameters["largest_force"], steps=500)
    if not converged:
        stage.warn("the forces are still too large after 500 steps")
    energy, forces = atoms.get_potential_energy(), atoms.get_forces()
    write(stage.output("relaxed"), atoms, format="extxyz")
    summary = {
        "numpy": np.__version__,
        "steps": optimizer.nsteps,
        "energy_eV": energy,
        "largest_force": float(np.linalg.norm(forces, axis=1).max()),
    }
    stage.output("summary").write_text(json.dumps(summary, indent=2))
