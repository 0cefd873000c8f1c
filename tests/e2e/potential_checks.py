"""In a program: what the calculators that are named give for copper that isn't at rest, as JSON."""

import json
import sys

import numpy as np
from ase.build import bulk
from ase.md.verlet import VelocityVerlet

from pipeline.ase import Calculator

for name in sys.argv[1:]:
    atoms = bulk("Cu", cubic=True)
    atoms.rattle(0.05, seed=1)
    with Calculator(name) as calculator:
        atoms.calc = calculator
        given = {
            "energy": float(atoms.get_potential_energy()),
            "forces": atoms.get_forces().tolist(),
            "stress": atoms.get_stress().tolist(),
            "dtype": str(atoms.get_forces().dtype),
            "results": sorted(calculator.results),
        }
        VelocityVerlet(atoms, 1.0).run(3)
        assert np.isfinite(atoms.get_forces()).all()
    print(json.dumps({"name": name, **given}))
