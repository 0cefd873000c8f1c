"""The highest vibration of silicon by tight binding, in an environment that this Python doesn't have."""

import tempfile

from ase.build import bulk
from ase.phonons import Phonons

from pipeline.ase import Calculator

silicon = bulk("Si")
with tempfile.TemporaryDirectory() as folder, Calculator("tblite", model="GFN1-xTB") as calculator:
    phonons = Phonons(silicon, calculator, supercell=(2, 2, 2), delta=0.03, name=f"{folder}/phonons")
    phonons.run()
    phonons.read(acoustic=True)
    energies = phonons.band_structure([[0, 0, 0]])[0]
    print(f"at the centre of the zone: {1000 * energies.max():.1f} meV")
