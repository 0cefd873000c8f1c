# /// script
# requires-python = ">=3.10,<3.13"
# dependencies = ["ase==3.26.0", "chgnet==0.4.2", "torch==2.6.0"]
# [tool.pipeline.environment]
# description = "CHGNet, a potential for inorganic crystals; its weights come in its package"
# imports = ["chgnet.model.dynamics"]
# smoke = "calculators/chgnet.py"
# ///
"""CHGNet: energies, forces, stress and magnetic moments. Models: 0.3.0, 0.2.0."""

from chgnet.model.dynamics import CHGNetCalculator
from chgnet.model.model import CHGNet


def setup(model="0.3.0", device="cpu"):
    network = CHGNet.load(model_name=model, use_device=device, verbose=False)
    return CHGNetCalculator(network, use_device=device)


if __name__ == "__main__":  # the smoke script: one forward pass
    from ase.build import bulk

    atoms = bulk("Cu")
    atoms.calc = setup()
    assert -4.5 < atoms.get_potential_energy() < -3.5
    assert abs(atoms.get_forces()).max() < 0.01
