"""Runs with ASE: a driver of the i-PI protocol, whose forces are compared with ASE's own."""

import sys

from ase.build import bulk
from ase.calculators.emt import EMT
from ase.calculators.socketio import SocketIOCalculator

here = bulk("Cu") * (2, 2, 2)
here.rattle(0.1, seed=1)
there = here.copy()
here.calc = EMT()
with SocketIOCalculator(unixsocket=sys.argv[1]) as driver:
    there.calc = driver
    for _ in range(3):
        assert abs(there.get_potential_energy() - here.get_potential_energy()) < 1e-9
        assert abs(there.get_forces() - here.get_forces()).max() < 1e-9
        assert abs(there.get_stress() - here.get_stress()).max() < 1e-9
        for atoms in (here, there):
            atoms.positions[2] += 0.05
            atoms.set_cell(atoms.cell * 1.01, scale_atoms=True)
print("the same")
