# /// script
# requires-python = ">=3.10,<3.13"
# dependencies = ["ase==3.26.0", "mace-torch==0.3.16", "torch==2.6.0"]
# [tool.pipeline.environment]
# description = "MACE; its models are downloaded when they are first used"
# imports = ["mace.calculators"]
# smoke = "calculators/mace.py"
# ///
"""MACE foundation models: small, medium, large, or the path of one of your own."""

from mace.calculators import MACECalculator, mace_mp


def setup(model="small", device="cpu", dispersion=False):
    return mace_mp(model=model, device=device, dispersion=dispersion, default_dtype="float64")


def untrained():
    """A small network of the same kind, for which nothing is downloaded."""
    import numpy as np
    import torch
    from e3nn.o3 import Irreps
    from mace.modules import ScaleShiftMACE, interaction_classes

    torch.set_default_dtype(torch.float64)
    block = interaction_classes["RealAgnosticResidualInteractionBlock"]
    network = ScaleShiftMACE(
        r_max=4.0,
        num_bessel=4,
        num_polynomial_cutoff=5,
        max_ell=1,
        interaction_cls_first=block,
        interaction_cls=block,
        num_interactions=1,
        num_elements=1,
        hidden_irreps=Irreps("4x0e"),
        MLP_irreps=Irreps("4x0e"),
        gate=torch.nn.functional.silu,
        atomic_energies=np.array([0.0]),
        avg_num_neighbors=12.0,
        atomic_numbers=[29],
        correlation=1,
        atomic_inter_scale=1.0,
        atomic_inter_shift=0.0,
    )
    return MACECalculator(models=[network], device="cpu", default_dtype="float64")


if __name__ == "__main__":  # the smoke script: one forward pass
    from ase.build import bulk

    atoms = bulk("Cu")
    atoms.calc = untrained()
    assert abs(atoms.get_potential_energy()) < 100
    assert abs(atoms.get_forces()).max() < 0.01
