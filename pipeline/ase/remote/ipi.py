"""The client's side of the i-PI protocol: a driver gives positions, and gets energy, forces and virial.

A driver is i-PI itself, or the ``SocketIOCalculator`` of ASE. LAMMPS with ``fix ipi`` is a client, as this is: i-PI can
have both in one simulation. Commands are 12 bytes of ASCII;
numbers are float64 and int32 in the machine's byte order, in atomic units; cell and virial are sent transposed
(https://docs.ipi-code.org, "Distributed execution"; ASE's ``ase/calculators/socketio.py``).

The protocol tells no species. A driver may send them before each calculation, as Rootstock does: as JSON in INIT,
``{"numbers": [...], "pbc": [...], "info": {}}``. Else they must be known when it begins.

Runs in the calculator's environment, on Python 3.8 and later, with its numpy and ASE.
"""

import json
import os
import socket
import time
import traceback

import numpy as np
from ase.units import Bohr, Hartree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Optional, Sequence, Tuple, Union

    Address = Union[str, Tuple[str, int]]

COMMAND_BYTES = 12
LONGEST_ADDRESS = 107  # bytes of a unix socket's path on Linux, where longer ones are cut off silently by some drivers
MOST_ATOMS = 50_000_000  # a larger number is no number of atoms: the two sides no longer agree where they are
LONGEST_INIT = 1 << 30
PAUSE = 0.05  # seconds between two tries to connect


class DriverError(Exception):
    """What the driver said isn't the protocol, or can't be calculated."""


class AtomicSystem:
    """The atoms as far as positions don't say it."""

    def __init__(self, numbers: "Sequence[int]", pbc: "Sequence[bool]" = (True,) * 3, info: "Any" = None) -> None:
        self.numbers = [int(number) for number in numbers]
        self.pbc = [bool(each) for each in pbc]
        self.info = dict(info or {})

    @classmethod
    def decode(cls, text: bytes) -> "Optional[AtomicSystem]":
        """From what INIT carries; ``None`` where that tells no species."""
        try:
            value = json.loads(text.rstrip(b"\0").decode("utf-8"))
            return cls(value["numbers"], value.get("pbc") or (True,) * 3, value.get("info"))
        except (ValueError, KeyError, TypeError, AttributeError):
            return None


class Evaluation:
    """What a calculation gave, in eV and Å."""

    def __init__(
        self, energy: float, forces: "Any", stress: "Any" = None, volume: float = 0.0, error: str = ""
    ) -> None:
        self.energy = float(energy)
        self.forces = np.asarray(forces, float)  # (n, 3)
        self.virial = np.zeros((3, 3)) if stress is None else -volume * np.asarray(stress, float)
        self.error = error  # why there is none

    @property
    def is_finite(self) -> bool:
        return bool(np.isfinite(self.energy) and np.isfinite(self.forces).all() and np.isfinite(self.virial).all())


def connect(address: "Address", seconds: float) -> socket.socket:
    """To a driver that may not listen yet. Raises ``DriverError`` where it doesn't within this time."""
    if isinstance(address, str) and len(os.fsencode(address)) > LONGEST_ADDRESS:
        raise DriverError(
            "%s is too long for a socket, of which the path has at most %d bytes" % (address, LONGEST_ADDRESS)
        )
    end = time.monotonic() + seconds
    while True:
        connection = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET, socket.SOCK_STREAM)
        try:
            connection.connect(address)
            return connection
        except OSError as error:
            connection.close()
            if time.monotonic() > end:
                raise DriverError("no driver listens at %s: %s" % (_shown(address), error.strerror)) from error
        time.sleep(PAUSE)


class IpiClient:
    """Answers one driver until it says EXIT or goes away."""

    def __init__(
        self,
        connection: socket.socket,
        evaluate: "Callable[[AtomicSystem, Any, Any], Evaluation]",
        system: "Optional[AtomicSystem]" = None,
    ) -> None:
        """``evaluate(system, positions, cell)``: positions of shape (n, 3) and cell of shape (3, 3), in Å."""
        self._connection = connection
        self._evaluate = evaluate
        self._system = system
        self._renews = False  # whether the driver sends the species before each calculation
        self._is_told = system is not None
        self._evaluation = None  # type: Optional[Evaluation]
        self.evaluations = 0

    def serve(self) -> int:
        """How many calculations it asked for. Raises ``DriverError``, and what ``evaluate`` raises."""
        answers = {"STATUS": self._status, "INIT": self._init, "POSDATA": self._posdata, "GETFORCE": self._getforce}
        while True:
            command = self._command()
            if command in ("EXIT", ""):
                return self.evaluations
            if command not in answers:
                raise DriverError("the driver says %r, which is no command of the i-PI protocol" % command)
            answers[command]()

    def _status(self) -> None:
        if self._evaluation is not None:
            self._say("HAVEDATA")
        else:
            self._say("READY" if self._is_told else "NEEDINIT")

    def _init(self) -> None:
        self._integer()  # the bead, which makes no difference to forces
        text = self._bytes(self._integer(LONGEST_INIT))
        told = AtomicSystem.decode(text)
        if told is not None:
            self._system, self._renews = told, True
        self._is_told = True

    def _posdata(self) -> None:
        cell = self._floats(3).T * Bohr
        self._floats(3)  # its inverse
        positions = self._floats(self._integer(MOST_ATOMS)) * Bohr
        self._evaluation = self._evaluated(positions, np.ascontiguousarray(cell))
        self.evaluations += 1

    def _evaluated(self, positions: "Any", cell: "Any") -> Evaluation:
        """A driver that tells species understands an error, too; of another, the connection ends."""
        try:
            return self._finite(positions, cell)
        except Exception:
            if not self._renews:
                raise
            return Evaluation(0.0, np.zeros_like(positions), error=traceback.format_exc())

    def _finite(self, positions: "Any", cell: "Any") -> Evaluation:
        system = self._system
        if system is None:
            raise DriverError("the driver doesn't tell which elements the atoms are; give the species at the start")
        if len(system.numbers) != len(positions):
            raise DriverError(
                "the driver sends %d atoms, and %d species are known" % (len(positions), len(system.numbers))
            )
        evaluation = self._evaluate(system, positions, cell)
        if not evaluation.is_finite:
            raise DriverError("the calculator gave a number that isn't finite (NaN or infinity)")
        return evaluation

    def _getforce(self) -> None:
        done = self._evaluation
        if done is None:
            raise DriverError("the driver asks for forces before it has sent positions")
        # At least one byte: an empty message looks to some drivers like a closed socket.
        more = json.dumps({"error": done.error}).encode("utf-8") if done.error else b"\0"
        parts = [
            _command("FORCEREADY"),
            np.float64(done.energy / Hartree).tobytes(),
            np.int32(len(done.forces)).tobytes(),
            (done.forces * (Bohr / Hartree)).tobytes(),
            np.ascontiguousarray(done.virial.T / Hartree).tobytes(),
            np.int32(len(more)).tobytes(),
            more,
        ]
        self._connection.sendall(b"".join(parts))
        self._evaluation = None
        self._is_told = not self._renews

    def _say(self, command: str) -> None:
        self._connection.sendall(_command(command))

    def _command(self) -> str:
        """Empty where the driver has gone between two commands, as ASE's does without EXIT."""
        first = self._connection.recv(COMMAND_BYTES)
        rest = self._bytes(COMMAND_BYTES - len(first)) if first else b""
        return (first + rest).decode("ascii", "replace").rstrip()

    def _bytes(self, count: int) -> bytes:
        data = bytearray(count)
        view = memoryview(data)
        while view:
            received = self._connection.recv_into(view)
            if not received:
                raise DriverError("the driver went away in the middle of a message")
            view = view[received:]
        return bytes(data)

    def _integer(self, most: "Optional[int]" = None) -> int:
        value = int(np.frombuffer(self._bytes(4), np.int32)[0])
        if most is not None and not 0 <= value <= most:
            raise DriverError("the driver sends %d where a size should be" % value)
        return value

    def _floats(self, rows: int) -> "Any":
        """Of shape (rows, 3)."""
        return np.frombuffer(self._bytes(rows * 24), np.float64).reshape(rows, 3)


def _command(word: str) -> bytes:
    return word.encode("ascii").ljust(COMMAND_BYTES)


def _shown(address: "Address") -> str:
    return address if isinstance(address, str) else "%s:%d" % address
