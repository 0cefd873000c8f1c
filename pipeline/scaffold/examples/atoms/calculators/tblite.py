# /// script
# requires-python = ">=3.10,<3.13"
# dependencies = ["ase==3.27.0", "numpy>=2", "tblite==0.8.0"]
# [tool.pipeline.environment]
# description = "Semi-empirical tight binding (xTB) with tblite"
# imports = ["tblite.ase"]
# smoke = "calculators/tblite.py"
# ///
"""Extended tight binding. Models: GFN2-xTB, GFN1-xTB, IPEA1-xTB."""

from tblite.ase import TBLite


def setup(model="GFN2-xTB", charge=None, multiplicity=None):
    return TBLite(method=model, charge=charge, multiplicity=multiplicity, verbosity=0)


if __name__ == "__main__":  # the smoke script: one forward pass
    from ase.build import bulk

    atoms = bulk("Si")
    atoms.calc = setup("GFN1-xTB")
    assert -100 < atoms.get_potential_energy() < -70
    assert abs(atoms.get_forces()).max() < 0.01
