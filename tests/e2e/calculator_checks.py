"""Runs with ASE and numpy 2: a calculator with numpy 1 gives what the same one gives here. Prints what was checked."""

import copy
import os
import pickle
import signal
import sys
from collections.abc import Callable
from typing import TypeVar

import numpy as np
from ase.build import bulk
from ase.calculators.emt import EMT

from pipeline.ase import Calculator
from pipeline.calls.errors import RemoteError, WorkerLost
from pipeline.errors import UsageError

Error = TypeVar("Error", bound=Exception)


def raised(kind: type[Error], function: Callable[[], object]) -> Error:
    try:
        function()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")


def same_as_here(calculator: Calculator) -> None:
    here = bulk("Cu", cubic=True) * (2, 2, 2)
    here.rattle(0.1, seed=1)
    there = here.copy()
    here.calc, there.calc = EMT(), calculator
    for _ in range(3):
        assert abs(there.get_potential_energy() - here.get_potential_energy()) < 1e-9
        for name in ("forces", "stress", "energies"):
            mine, theirs = here.calc.get_property(name, here), calculator.get_property(name, there)
            assert theirs.dtype == mine.dtype
            assert np.abs(theirs - mine).max() < 1e-9
        for atoms in (here, there):
            atoms.positions[3] += 0.05
            atoms.set_cell(atoms.cell * 1.01, scale_atoms=True)


def other_atoms(calculator: Calculator) -> None:
    for element in ("Au", "Cu", "Au"):
        atoms, again = bulk(element), bulk(element)
        again.calc = EMT()
        atoms.calc = calculator
        assert abs(atoms.get_potential_energy() - again.get_potential_energy()) < 1e-9
    slab = bulk("Cu", cubic=True)
    slab.calc = calculator
    periodic = slab.get_potential_energy()
    slab.pbc = (True, True, False)
    assert slab.get_potential_energy() > periodic + 0.1


def only_what_changed(calculator: Calculator) -> None:
    atoms = bulk("Cu")
    atoms.calc = calculator
    first = calculator.results if atoms.get_potential_energy() else None
    atoms.get_potential_energy()
    assert calculator.results is first
    atoms.positions[0, 0] += 4e-16  # within ASE's tolerance
    atoms.get_potential_energy()
    assert calculator.results is first
    changes: list[Callable[[], object]] = [
        lambda: atoms.info.update(charge=1.0),
        lambda: atoms.set_initial_charges([0.1]),
        lambda: atoms.set_initial_magnetic_moments([0.1]),
        lambda: atoms.set_array("own", np.arange(1)),
        lambda: atoms.translate(1e-3),
        lambda: atoms.set_cell(atoms.cell * 1.001),
    ]
    for change in changes:
        before = calculator.results
        change()
        atoms.get_potential_energy()
        assert calculator.results is not before
        assert not calculator.check_state(atoms)


def errors(calculator: Calculator) -> None:
    error = raised(RemoteError, lambda: calculator.get_potential_energy(bulk("Si")))
    assert error.is_a("NotImplementedError")
    assert "emt.py" in error.traceback
    assert calculator.get_potential_energy(bulk("Ag"))
    os.kill(calculator._session.pid or 0, signal.SIGKILL)
    assert raised(WorkerLost, lambda: calculator.get_potential_energy(bulk("Au"))).failure
    assert calculator.get_potential_energy(bulk("Au"))


def copies(calculator: Calculator) -> None:
    for other in (copy.deepcopy(calculator), pickle.loads(pickle.dumps(calculator))):
        assert other.get_potential_energy(bulk("Cu")) == calculator.get_potential_energy(bulk("Cu"))
        other.close()


def main() -> None:
    with Calculator("emt") as calculator:
        assert calculator.name == "emt"
        for check in (same_as_here, other_atoms, only_what_changed, errors, copies):
            check(calculator)
            print(check.__name__)
    assert "'emt'" in raised(UsageError, lambda: Calculator("emmt")).message
    print("no such calculator")
    assert raised(RemoteError, lambda: Calculator("emt", model="large")).is_a("NotACalculator")
    print("no such model")
    print(np.__version__, sys.version_info.minor)


if __name__ == "__main__":
    main()
