"""What a calculator depends on, as plain values; and what of it has changed since the calculator last saw it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from ase import Atoms

State = Mapping[str, Any]

PLACED = ("numbers", "positions", "cell", "pbc")
INITIAL = ("initial_charges", "initial_magmoms")
OWN_KEYS = ("numbers", "positions")  # arrays that stand beside the others


def state_of(atoms: Atoms) -> State:
    """Its parts by name, with ``n`` atoms; positions and cell in Å. Copies, since atoms are changed in place.

    ``numbers`` (n,), ``positions`` (n, 3), ``cell`` (3, 3), ``pbc`` (3,), ``info``, and ``arrays``: all others that
    have a row for each atom, such as ``initial_magmoms``.
    """
    return {
        "numbers": atoms.numbers.copy(),
        "positions": atoms.positions.copy(),
        "cell": atoms.cell.array.copy(),
        "pbc": atoms.pbc.copy(),
        "info": dict(atoms.info),
        "arrays": {name: values.copy() for name, values in atoms.arrays.items() if name not in OWN_KEYS},
    }


def changes(before: State | None, now: State) -> State:
    """The parts that differ; all of them for other elements, since those are other atoms."""
    if before is None or not _is_same(before["numbers"], now["numbers"]):
        return now
    return {name: value for name, value in now.items() if not _is_same(before[name], value)}


def known_to_be_same(difference: State) -> set[str]:
    """Of what ASE compares, by its names: within a tolerance, which takes ten times as long as to the last bit."""
    same = {name for name in PLACED if name not in difference}
    return same if "arrays" in difference else {*same, *INITIAL}


def _is_same(before: object, now: object) -> bool:
    """To the last bit: whoever compares with a tolerance works with positions that nobody has set."""
    if isinstance(before, np.ndarray) or isinstance(now, np.ndarray):
        return _is_same_array(np.asarray(before), np.asarray(now))
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        return before.keys() == now.keys() and all(_is_same(value, now[name]) for name, value in before.items())
    if isinstance(before, list | tuple) and isinstance(now, list | tuple):
        return len(before) == len(now) and all(map(_is_same, before, now))
    return type(before) is type(now) and bool(before == now)


def _is_same_array(before: Any, now: Any) -> bool:
    return before.shape == now.shape and before.dtype == now.dtype and bool(np.array_equal(before, now))
