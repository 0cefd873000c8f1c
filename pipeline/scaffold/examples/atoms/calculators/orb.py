# /// script
# requires-python = ">=3.10,<3.13"
# dependencies = ["ase==3.26.0", "orb-models==0.5.5", "torch==2.6.0"]
# [tool.pipeline.environment]
# description = "ORB; its models are downloaded when they are first used"
# imports = ["orb_models.forcefield.calculator"]
# smoke = "calculators/orb.py"
# ///
"""ORB potentials by their names in orb_models, such as orb_v3_direct_20_omat."""

from orb_models.forcefield import pretrained
from orb_models.forcefield.calculator import ORBCalculator


def setup(model="orb_v3_conservative_inf_omat", device="cpu", weights=None):
    """``weights``: the path of a model's file, where it isn't to be downloaded."""
    places = {} if weights is None else {"weights_path": weights}
    network = getattr(pretrained, model)(device=device, precision="float32-highest", compile=False, **places)
    return ORBCalculator(network, device=device)


def untrained():
    """The same network with random weights, for which nothing is downloaded."""
    from orb_models.forcefield.atomic_system import SystemConfig

    config = SystemConfig(radius=6.0, max_num_neighbors=120)
    network = pretrained.orb_v3_conservative_architecture(device="cpu", system_config=config)
    return ORBCalculator(network.eval(), device="cpu")


if __name__ == "__main__":  # the smoke script: one forward pass
    from ase.build import bulk

    atoms = bulk("Cu")
    atoms.calc = untrained()
    assert abs(atoms.get_potential_energy()) < 1000
    assert abs(atoms.get_forces()).max() < 0.1
