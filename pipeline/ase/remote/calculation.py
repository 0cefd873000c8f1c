"""A calculator of ASE in its own environment, and the atoms that it works on.

Runs in the calculator's environment, on Python 3.8 and later, with the ASE and the numpy that are there. The file of a
calculator has a function ``setup(model, device, **options)`` that returns it.
"""

import importlib.util
import inspect
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Mapping, Optional

SETUP = "setup"
PLACED = ("positions", "cell", "pbc")  # what is set on the atoms there are; other numbers make new atoms
_modules = {}  # type: Dict[str, Any]  # of those beside this one
_loaded = {}  # type: Dict[str, Any]  # the calculator that this process had last, so that a model isn't loaded again


class NotACalculator(Exception):
    """The file has no function ``setup``, or what that returns is no calculator of ASE."""


class Calculation:
    """One calculator. What isn't told again is as it was."""

    def __init__(self, file: str, digest: str, model: "Optional[str]", device: str, options: "Mapping[str, Any]"):
        """``digest``: of the file. A process that has the same calculator already uses it.

        Raises ``NotACalculator``, and whatever ``setup`` raises.
        """
        identity = repr((file, digest, model, device, sorted(options.items())))
        calculator = _loaded.get(identity)
        if calculator is None:
            _loaded.clear()  # before the next is loaded: two may not fit into the memory
            calculator = _loaded[identity] = _set_up(file, model, device, options)
        elif hasattr(calculator, "reset"):
            calculator.reset()
        self._calculator = calculator
        self._atoms = None  # type: Any
        self._system = None  # type: Any  # that a driver has told last

    def describe(self) -> "Dict[str, Any]":
        """What it can calculate, and its name."""
        calculator = self._calculator
        return {
            "properties": [str(name) for name in calculator.implemented_properties],
            "name": str(getattr(calculator, "name", None) or type(calculator).__name__),
        }

    def calculate(self, properties: "List[str]", changes: "Dict[str, Any]") -> "Dict[str, Any]":
        """All that it has calculated, by the names of ASE, in ASE's units (eV, Å).

        ``changes``: ``numbers``, shape (n,); ``positions``, (n, 3); ``cell``, (3, 3); ``pbc``, (3,); ``info``; and
        ``arrays``, each with n rows, among them ``initial_charges`` and ``initial_magmoms``. The first time all of
        them, then those that are other than the last time.
        """
        self._change(changes)
        calculator = self._calculator
        for name in properties:
            calculator.get_property(name, self._atoms)
        return {name: value for name, value in calculator.results.items() if value is not None}

    def drive(
        self,
        address: "Any",
        species: "Optional[str]",
        structure: "Optional[str]",
        seconds: float,
    ) -> int:
        """Answer an i-PI driver until it ends; how many calculations it asked for.

        ``address``: the path of its unix socket, or host and port. ``species``: the elements in the driver's order,
        such as ``Cu32`` or ``H2O``, of atoms that are periodic in all directions; or ``structure``: a file that ASE
        reads. One of them for a driver that doesn't tell. ``seconds``: how long it may take to listen.
        """
        ipi = _beside("ipi")
        system = _system(ipi, species, structure)
        connection = ipi.connect(address if isinstance(address, str) else tuple(address), seconds)
        try:
            return int(ipi.IpiClient(connection, self._evaluate, system).serve())
        finally:
            connection.close()

    def _evaluate(self, system: "Any", positions: "Any", cell: "Any") -> "Any":
        """For a driver: what is known of the atoms, and where they are now."""
        changes = {"positions": positions, "cell": cell}
        if system is not self._system:
            self._system = system
            changes.update(numbers=system.numbers, pbc=system.pbc, info=system.info, arrays={})
        self._change(changes)
        calculator, atoms = self._calculator, self._atoms
        energy = calculator.get_property("energy", atoms)
        forces = calculator.get_property("forces", atoms)
        return _beside("ipi").Evaluation(energy, forces, *_stress(calculator, atoms))

    def _change(self, changes: "Dict[str, Any]") -> None:
        if "numbers" in changes:
            self._atoms = _atoms(changes)
            return
        for name in PLACED:
            if name in changes:
                setattr(self._atoms, name, changes[name])
        if "arrays" in changes:
            _set_arrays(self._atoms, changes["arrays"])
        if "info" in changes:
            self._atoms.info = dict(changes["info"])
        # ASE itself compares neither of them with those of the last calculation.
        if ("info" in changes or "arrays" in changes) and hasattr(self._calculator, "reset"):
            self._calculator.reset()


def _stress(calculator: "Any", atoms: "Any") -> "Any":
    """The stress as a matrix, and the volume: nothing for a system without one, or a calculator that knows none."""
    if "stress" not in calculator.implemented_properties or not atoms.pbc.any() or atoms.cell.rank < 3:
        return ()
    from ase.stress import voigt_6_to_full_3x3_stress

    stress = calculator.get_property("stress", atoms)
    return stress if stress.shape == (3, 3) else voigt_6_to_full_3x3_stress(stress), atoms.get_volume()


def _system(ipi: "Any", species: "Optional[str]", structure: "Optional[str]") -> "Any":
    if structure is not None:
        from ase.io import read

        atoms = read(structure)
        return ipi.AtomicSystem(atoms.numbers, atoms.pbc, atoms.info)
    if species is not None:
        from ase import Atoms

        return ipi.AtomicSystem(Atoms(species).numbers)
    return None


def _atoms(state: "Mapping[str, Any]") -> "Any":
    from ase import Atoms

    atoms = Atoms(
        numbers=state["numbers"],
        positions=state["positions"],
        cell=state["cell"],
        pbc=state["pbc"],
        info=dict(state.get("info", {})),
    )
    _set_arrays(atoms, state.get("arrays", {}))
    return atoms


def _set_arrays(atoms: "Any", arrays: "Mapping[str, Any]") -> None:
    for name in set(atoms.arrays) - {"numbers", "positions", *arrays}:
        del atoms.arrays[name]
    for name, values in arrays.items():
        atoms.set_array(name, None)
        atoms.set_array(name, values)


def _set_up(file: str, model: "Optional[str]", device: str, options: "Mapping[str, Any]") -> "Any":
    setup = _setup_of(file)
    chosen = {"device": device} if model is None else {"device": device, "model": model}
    known = inspect.signature(setup).parameters
    if not any(each.kind is each.VAR_KEYWORD for each in known.values()):
        if "model" in chosen and "model" not in known:
            raise NotACalculator("%s has no models: its setup() takes no 'model'" % file)
        chosen = {name: value for name, value in chosen.items() if name in known}  # one for CPUs alone has no device
    arguments = {**chosen, **options}
    calculator = setup(**arguments)
    if not hasattr(calculator, "get_property") or not hasattr(calculator, "implemented_properties"):
        raise NotACalculator("setup() in %s returned no calculator, but %r" % (file, type(calculator).__name__))
    return calculator


def _beside(name: str) -> "Any":
    """A module that lies next to this one."""
    if name not in _modules:
        _modules[name] = _module(name, os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".py"))
    return _modules[name]


def _setup_of(file: str) -> "Callable[..., Any]":
    module = _module("calculator", file)
    setup = getattr(module, SETUP, None)
    if not callable(setup):
        raise NotACalculator("%s has no function setup(model, device)" % file)
    return setup  # type: ignore[no-any-return]


def _module(name: str, file: str) -> "Any":
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise NotACalculator("%s is no Python file" % file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
