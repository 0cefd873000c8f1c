"""Steps of molecular dynamics by one tool: ``steps_of.py TOOL ROUNDS`` prints seconds as JSON. Run by calls.py.

A step moves all atoms and asks for energy and forces. The same step is done in this process in turn with the tool's,
so that both are measured on the same machine at the same time.
"""

import json
import os
import statistics
import sys
import time
from contextlib import contextmanager

import numpy as np
from ase.build import bulk
from ase.calculators.emt import EMT

SIZES = {"emt32": (2, 2, 2), "emt864": (6, 6, 6)}  # of cells with four atoms
STEPS = {"emt32": 100, "emt864": 30}  # of each round, in which the two take turns at being the first


@contextmanager
def pipeline():
    from pipeline.ase import Calculator

    with Calculator("emt") as calculator:
        yield calculator


@contextmanager
def rootstock():
    from rootstock import RootstockCalculator

    with RootstockCalculator("emt", root=os.environ["ROOTSTOCK_ROOT"], device="cpu") as calculator:
        yield calculator


def seconds(atoms, calculator, moves):
    atoms.calc = calculator
    atoms.positions += moves
    begun = time.perf_counter()
    atoms.get_potential_energy()
    atoms.get_forces()
    return time.perf_counter() - begun


def in_twos(times):
    """Of two steps, each of the two was the first once."""
    return zip(times[::2], times[1::2], strict=True)


def main(tool, rounds):
    found, moves = {}, np.random.default_rng(1)
    with globals()[tool]() as there:
        for name, cells in SIZES.items():
            here, away = EMT(), []
            both = [bulk("Cu", cubic=True) * cells, bulk("Cu", cubic=True) * cells]
            taken = [], []
            pairs = list(zip(both, (here, there), taken, strict=True))
            for _ in range(rounds * STEPS[name]):
                step = moves.normal(scale=0.01, size=both[0].positions.shape)
                for atoms, calculator, times in pairs:
                    times.append(seconds(atoms, calculator, step))
                pairs.reverse()
                away.append(abs(both[0].get_forces() - both[1].get_forces()).max())
            assert max(away) < 1e-6
            found[f"{name}_here"], found[name] = (statistics.median(times[1:]) for times in taken)
            found[f"{name}_share"] = statistics.median(
                sum(there) / sum(here) for here, there in zip(*map(in_twos, taken), strict=True)
            )
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
