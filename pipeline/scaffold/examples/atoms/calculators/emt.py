# /// script
# requires-python = ">=3.10,<3.13"
# dependencies = ["ase==3.26.0", "numpy<2"]
# [tool.pipeline.environment]
# description = "Effective medium theory for a few metals, in ASE with numpy 1"
# imports = ["ase.calculators.emt"]
# smoke = "calculators/emt.py"
# ///
"""Effective medium theory: fast, rough, and for Al, Cu, Ag, Au, Ni, Pd and Pt alone."""

from ase.calculators.emt import EMT


def setup():
    return EMT()


if __name__ == "__main__":  # the smoke script: one forward pass
    from ase.build import bulk

    atoms = bulk("Cu")
    atoms.calc = setup()
    assert -0.1 < atoms.get_potential_energy() < 0.1
    assert abs(atoms.get_forces()).max() < 0.01
