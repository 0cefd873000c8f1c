"""A calculator of ASE whose model runs in an environment of its own."""

import os
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from ase import Atoms
from ase.calculators.calculator import Calculator as AseCalculator
from ase.calculators.calculator import all_changes, compare_atoms

from pipeline.ase.atoms_state import State, changes, known_to_be_same, state_of
from pipeline.ase.sessions import START_SECONDS, calculation
from pipeline.calls.errors import CallError, RemoteError
from pipeline.location import locate


class Calculator(AseCalculator):  # type: ignore[misc]  # ASE has no types
    """Energies, forces and all else that the calculator in the environment gives, in ASE's units (eV, Å).

    ::

        with Calculator("chgnet", device="cuda") as calculator:
            atoms.calc = calculator
            atoms.get_potential_energy()

    It is ready when it is made. Results have the dtype that the model gives them. What is the same as at the last
    calculation isn't sent again; as in ASE, nothing is calculated again for atoms that are the same, and here ``info``
    and all arrays of the atoms count, too. It can't be used by two threads at a time.
    """

    def __init__(  # noqa: PLR0913  # these are what a person chooses
        self,
        environment: str,
        model: str | None = None,
        device: str = "cpu",
        *,
        project: str | os.PathLike[str] | None = None,
        timeout: float | None = None,
        start_timeout: float = START_SECONDS,
        gpus: int = 0,
        **options: Any,
    ) -> None:
        """``environment``: the name of a file in the project's folder ``calculators``, whose block says what it needs.

        ``model``, ``device`` and ``options`` are for its function ``setup``. ``timeout``: seconds for one calculation.
        ``gpus``: so many that no stage and no other session gets; the first of them is ``cuda``.

        Raises ``UsageError`` where there is no such file, ``NotReady`` where its environment isn't built (the message
        has the command that does it), and ``RemoteError`` for what ``setup`` raises.
        """
        super().__init__()
        folder = locate(None if project is None else Path(os.path.abspath(project)))
        self._arguments = (
            environment,
            model,
            device,
            {"project": folder.root, "timeout": timeout, "gpus": gpus, **options},
        )
        self.parameters.update(environment=environment, model=model, device=device, **options)
        bounds = {"start_timeout": start_timeout, "timeout": timeout, "gpus": gpus}
        self._session = calculation(folder, environment, model, device, options, **bounds)
        self._sent: State | None = None
        self._is_lost = False
        self._end = weakref.finalize(self, self._session.close)
        described = self._session.describe()
        self.implemented_properties = list(described["properties"])
        self._name = str(described["name"])

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: Sequence[str] = ("energy",),
        system_changes: Sequence[str] = all_changes,
    ) -> None:
        """Raises ``RemoteError`` for what the calculator raises, and ``WorkerLost`` where its process has ended; the
        next calculation begins a new one.
        """
        super().calculate(atoms, properties, system_changes)
        now = state_of(self.atoms)
        difference, self._sent = changes(self._sent, now), None  # what the other side has isn't known until it answers
        self.results = self._answered(list(properties), difference)
        self._sent = now

    def _answered(self, properties: list[str], difference: State) -> dict[str, Any]:
        if self._is_lost:
            self._session.restart()
            self._is_lost = False
        try:
            return dict(self._session.calculate(properties, difference))
        except CallError as error:
            self._is_lost = not isinstance(error, RemoteError)
            raise

    def check_state(self, atoms: Atoms, tol: float = 1e-15) -> list[str]:
        """Also what ASE doesn't compare, and a model may depend on: a charge in ``info``, say."""
        if self.atoms is None or self._sent is None:
            found: list[str] = super().check_state(atoms, tol)
            return found
        difference = changes(self._sent, state_of(atoms))
        if not difference:
            return []
        found = compare_atoms(self.atoms, atoms, tol, {*self.ignored_changes, *known_to_be_same(difference)})
        return found or [name for name in difference if name in {"info", "arrays"}]

    def _get_name(self) -> str:  # ASE's own way to name a calculator
        return self._name

    def close(self) -> None:
        """Let go of the worker. It stays for a while, for whoever uses the same environment next."""
        self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __deepcopy__(self, memo: Mapping[int, Any]) -> "Calculator":
        return _made(*self._arguments)

    def __reduce__(self) -> Any:
        return _made, self._arguments


def _made(environment: str, model: str | None, device: str, options: Mapping[str, Any]) -> Calculator:
    return Calculator(environment, model, device, **options)
