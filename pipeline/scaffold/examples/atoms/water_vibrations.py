"""How a water molecule vibrates, by tight binding in an environment whose libraries this Python doesn't have."""

import tempfile

from ase.build import molecule
from ase.optimize import BFGS
from ase.vibrations import Vibrations

from pipeline.ase import Calculator

water = molecule("H2O")
with tempfile.TemporaryDirectory() as folder, Calculator("tblite", model="GFN2-xTB") as calculator:
    water.calc = calculator
    BFGS(water, logfile=None).run(fmax=0.001)
    vibrations = Vibrations(water, name=f"{folder}/vibrations")
    vibrations.run()
    *_, bend, symmetric, asymmetric = vibrations.get_frequencies().real
print(f"bend {bend:.0f}, stretches {symmetric:.0f} and {asymmetric:.0f} per cm")
