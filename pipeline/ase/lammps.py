"""A simulation in LAMMPS whose forces come from a calculator of ASE, such as one whose model runs elsewhere."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers
from ase.stress import full_3x3_to_voigt_6_stress

from pipeline.errors import UsageError

Array = Any  # numpy has no types where this is checked


class LammpsForces:
    """What a calculator gives is added to energy, forces and pressure of a LAMMPS in this process (``fix external``).

    ::

        with Calculator("mace") as calculator:
            forces = LammpsForces(simulation, calculator, ["Cu"])
            forces.command("run 1000")

    Let commands that calculate go through ``command``: LAMMPS itself would go on after an error in Python, with the
    forces of the step before.
    """

    NAME: ClassVar = "calculator"  # of the fix
    # In the order in which LAMMPS has six numbers, by ASE's: xx, yy, zz, yz, xz, xy.
    ORDER: ClassVar = (0, 1, 2, 5, 4, 3)

    def __init__(self, simulation: Any, calculator: Any, elements: Sequence[str]) -> None:
        """``simulation``: a ``lammps.lammps`` with a box. ``elements``: the symbol of each of its types of atoms.

        Raises ``UsageError`` where its units aren't ``metal`` (eV and Å, those of ASE), where it runs in several
        processes, each of which has some of the atoms, and where there are more or fewer types.
        """
        _check(simulation, elements)
        self._simulation = simulation
        self._calculator = calculator
        self._numbers = np.array([0, *(_number(symbol) for symbol in elements)])  # types begin with 1
        self._atoms = Atoms()
        self._error: BaseException | None = None
        simulation.command(f"fix {self.NAME} all external pf/callback 1 1")
        simulation.command(f"fix_modify {self.NAME} energy yes virial yes")
        simulation.set_fix_external_callback(self.NAME, self._answer)

    def command(self, text: str) -> None:
        """Have LAMMPS carry it out. Raises what the calculator raised, which ends a run or a minimization."""
        self._error = None
        self._simulation.command(text)
        if self._error is not None:
            self._simulation.command("timer timeout off")  # that of ``_answer``, with which later runs would do nothing
            raise self._error

    def _answer(self, _caller: Any, _step: int, _count: int, tags: Array, positions: Array, forces: Array) -> None:
        """Called by LAMMPS, which can't be told of an error."""
        if self._error is None:
            try:
                self._calculate(tags, positions, forces)
            except BaseException as error:  # ctypes would print and forget it, Ctrl+C as well
                self._error = error
        if self._error is not None:
            forces[:] = 0.0
            self._simulation.force_timeout()

    def _calculate(self, tags: Array, positions: Array, forces: Array) -> None:
        order = np.argsort(tags)  # LAMMPS sorts atoms again as they move
        atoms = self._moved(positions, order)
        forces[order] = self._calculator.get_property("forces", atoms)
        self._simulation.fix_external_set_energy_global(self.NAME, self._calculator.get_property("energy", atoms))
        if "stress" in self._calculator.implemented_properties and atoms.pbc.any():
            virial = -atoms.get_volume() * _six(self._calculator.get_property("stress", atoms))
            self._simulation.fix_external_set_virial_global(self.NAME, virial[list(self.ORDER)].tolist())

    def _moved(self, positions: Array, order: Array) -> Atoms:
        """The atoms as LAMMPS has them now."""
        types = self._simulation.numpy.extract_atom("type")[: len(order)]
        numbers = self._numbers[types[order]]
        low, high, xy, yz, xz, periodic = self._simulation.extract_box()[:6]
        x, y, z = np.subtract(high, low)
        if not np.array_equal(numbers, self._atoms.numbers):  # some steps put atoms in and take them out
            self._atoms = Atoms(numbers)
        self._atoms.set_cell([[x, 0, 0], [xy, y, 0], [xz, yz, z]])
        self._atoms.pbc = np.array(periodic, bool)
        self._atoms.positions = positions[order]
        return self._atoms


def _check(simulation: Any, elements: Sequence[str]) -> None:
    units = simulation.extract_global("units")
    if units != "metal":
        raise UsageError(f"the simulation has units of {units}, and a calculator those of metal", "units metal")
    processes, types = (simulation.extract_setting(name) for name in ("world_size", "ntypes"))
    if processes > 1:
        raise UsageError(f"the simulation runs in {processes} processes, and a calculator needs all atoms in one")
    if types != len(elements):
        raise UsageError(f"the simulation has {types} types of atoms, and {len(elements)} elements are named")


def _number(symbol: str) -> int:
    if symbol not in atomic_numbers:
        raise UsageError(f"there is no element {symbol!r}")
    return int(atomic_numbers[symbol])


def _six(stress: Array) -> Array:
    return np.asarray(full_3x3_to_voigt_6_stress(stress) if stress.shape == (3, 3) else stress, float)
