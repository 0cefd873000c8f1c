"""The programs of one service, one after another: each is started with its ports and its log, and ended whole."""

import time
from pathlib import Path

from pipeline import process_tree
from pipeline.digests import sha256_of_file
from pipeline.services import invocation
from pipeline.services.definition import HttpProbe, ServiceDefinition
from pipeline.services.events import ProgramEnd, StartFailure, TreeEnd
from pipeline.services.folder import LOG, ServiceFolder
from pipeline.services.log import ServiceLog, Sink
from pipeline.services.order import ServiceOrder
from pipeline.services.ports import PortTaken, ReservedPorts
from pipeline.services.program import ServiceProgram
from pipeline.services.standard_input import standard_input
from pipeline.values import encode

TAKEN_WORDS = ("address already in use", "eaddrinuse", "errno 98", "errno 48", "only one usage of each socket")


def _digest(path: str) -> str | None:
    try:
        return sha256_of_file(Path(path))
    except OSError:
        return None


class ProgramRun:
    """``notify``: the address in ``NOTIFY_SOCKET``."""

    def __init__(self, order: ServiceOrder, folder: ServiceFolder, token: str, notify: str, sink: Sink | None) -> None:
        self._order = order
        self._folder = folder
        self._token = token
        self._notify = notify
        log = Path(order.log) if order.log else folder.file(LOG)
        self.log = ServiceLog(log, [token, *order.secrets.values()], sink, _own_requests(order.definition))
        self.ports: ReservedPorts | None = None
        self.started_at = 0.0  # seconds since 1970
        self._program: ServiceProgram | None = None
        self._is_end_told = True

    @property
    def pid(self) -> int | None:
        """Of the program that runs."""
        return self._program.pid if self._program is not None and self._program.is_running else None

    @property
    def numbers(self) -> dict[str, int]:
        """The ports, by name."""
        return {} if self.ports is None else self.ports.numbers

    @property
    def variables(self) -> dict[str, str]:
        """Those of the program."""
        return invocation.variables(self._order, self.numbers, self._token, self._folder.path, self._notify)

    @property
    def descriptors(self) -> list[int]:
        return [] if self._program is None else self._program.descriptors

    @property
    def has_ended(self) -> bool:
        """Whether there was a program, and what it has left may still be there."""
        return self._program is not None and self._is_end_told

    def start(self, new_ports: bool) -> StartFailure | None:
        """The one before is gone then. Returns why there could be none."""
        self.end()
        self.started_at = time.time()
        if changed := next((path for path, digest in self._order.sources.items() if _digest(path) != digest), None):
            text = f"{changed} isn't what it was when the service was asked for, so that it isn't started again"
            return StartFailure(text, is_final=True)
        try:
            self._choose_ports(new_ports)
            argv = invocation.write(self._order, self.numbers, self._folder.path)
            secrets = self._order.secrets
            with standard_input(encode(secrets) if secrets else b"") as stdin:
                self._program = ServiceProgram(argv, self.variables, stdin)
        except PortTaken as error:
            return StartFailure(str(error), is_port_taken=True)
        except OSError as error:
            return StartFailure(f"its program can't be started: {error.strerror or error}")
        self._is_end_told = False
        shown = ", ".join(f"{name} {number}" for name, number in self.numbers.items())
        self.log.begin(f"started (process {self._program.pid}, ports: {shown})")
        return None

    def news(self, is_stopping: bool) -> ProgramEnd | TreeEnd | None:
        """What it has printed goes to the log; its end is told once. ``is_stopping``: it has been asked to end."""
        if self._program is None:
            return None
        self.log.take(self._program.read())
        if self._is_end_told:
            return TreeEnd() if is_stopping and not self._program.has_remains() else None
        code = self._program.poll()
        if code is None:
            return None
        self._is_end_told = True
        self.log.take(self._program.read())
        self.log.flush()
        return ProgramEnd(code, is_stopping and self._program.has_remains(), self._says_taken())

    def signal(self, name: str) -> None:
        if self._program is not None:
            self._program.signal(name)

    def kill(self) -> ProgramEnd | TreeEnd | None:
        """With all that it started."""
        if self._program is None:
            return None
        code = self._program.kill()
        if self._is_end_told:
            return TreeEnd()
        self._is_end_told = True
        return ProgramEnd(-process_tree.KILL if code is None else code)

    def end(self) -> None:
        """Whatever of it is still there is killed."""
        program, self._program = self._program, None
        if program is not None:
            program.kill()
            self.log.take(program.read())
            self.log.flush()
            program.close()

    def close(self) -> None:
        self.end()
        self.log.close()
        if self.ports is not None:
            self.ports.close()

    def _choose_ports(self, new_ports: bool) -> None:
        """They stay the same, so that the addresses stay those that users have."""
        if self.ports is not None and not new_ports:
            return
        is_held = self.ports is None
        if self.ports is not None:
            self.ports.close()
        self.ports = ReservedPorts(self._order.definition.ports, self._order.host, self._order.fixed_ports, is_held)

    def _says_taken(self) -> bool:
        said = "\n".join(self.log.last_lines).lower()
        return any(words in said for words in TAKEN_WORDS)


def _own_requests(definition: ServiceDefinition) -> list[str]:
    """As servers write them into their logs: hundreds of them would hide what a service said before it failed."""
    ways = [definition.ready.way, *([definition.alive.way] if definition.alive else [])]
    return [f"GET {way.path} HTTP/" for way in ways if isinstance(way, HttpProbe)]
