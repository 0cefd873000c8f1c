"""Relax a piece of copper in this Python, with a calculator that needs another numpy."""

import numpy
from ase.build import bulk
from ase.optimize import BFGS

from pipeline.ase import Calculator

atoms = bulk("Cu", cubic=True) * (2, 2, 2)
atoms.rattle(0.1, seed=1)
with Calculator("emt") as calculator:
    atoms.calc = calculator
    before = atoms.get_potential_energy()
    optimizer = BFGS(atoms, logfile=None)
    optimizer.run(fmax=0.01)
    after = atoms.get_potential_energy()
print(f"{before:.3f} eV, after {optimizer.nsteps} steps {after:.3f} eV; numpy here is {numpy.__version__}")
