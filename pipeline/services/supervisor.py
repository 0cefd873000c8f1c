"""The process that runs one service: it does what ``Lifecycle`` decides, and tells it what happens."""

import contextlib
import os
import secrets
import select
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from pipeline import files, process_tree
from pipeline.executors.runtime_folder import Unavailable
from pipeline.locks import try_shared
from pipeline.process_tree import LONGEST_WAIT
from pipeline.services import invocation, probes
from pipeline.services.definition import CommandProbe, Notified, Way
from pipeline.services.door import Door
from pipeline.services.events import (
    Action,
    BeginTry,
    Finish,
    Happening,
    KillTree,
    ProgramEnd,
    RestartRequest,
    SendSignal,
    StartFailure,
    StartProgram,
    StopRequest,
    Timer,
    TreeEnd,
    TryResult,
    UserCount,
)
from pipeline.services.folder import ERRORS, LOG, STATUS_FILE, ServiceFolder
from pipeline.services.lifecycle import EXTENSIONS, Lifecycle, ServicePhase
from pipeline.services.log import ServiceLog, Sink
from pipeline.services.notifications import NotificationSocket
from pipeline.services.order import ServiceOrder
from pipeline.services.ports import PortTaken, ReservedPorts
from pipeline.services.program import ServiceProgram
from pipeline.services.signals import SignalPipe
from pipeline.services.status import ServiceFailure, ServiceState, ServiceStatus
from pipeline.services.wire import RESTART, STOP, ServiceReport
from pipeline.values import encode

LOOK = 0.05  # seconds between two looks at what only looking tells: whether remains of a program are gone
LEASE_SECONDS = 5.0
TAKEN_WORDS = ("address already in use", "eaddrinuse", "errno 98", "errno 48", "only one usage of each socket")


class Supervisor:
    """One service, from its start until nobody needs it. ``sink`` gets what the program prints, line by line."""

    def __init__(
        self, order: ServiceOrder, folder: ServiceFolder, listener: socket.socket, sink: Sink | None = None
    ) -> None:
        """Raises ``OSError`` where the folder can't be written."""
        self._order = order
        self._folder = folder
        self._door = Door(listener)
        self._token = secrets.token_urlsafe(32)
        self._log = ServiceLog(Path(order.log) if order.log else folder.file(LOG), self._token, sink)
        self._notify = NotificationSocket(folder.path)
        self._signals = SignalPipe()
        self._lifecycle = Lifecycle(order.definition, time.monotonic())
        self._ports: ReservedPorts | None = None
        self._program: ServiceProgram | None = None
        self._is_end_told = True  # of the program
        self._try: probes.Try | None = None
        self._try_deadline = 0.0
        self._users = 0
        self._times: tuple[float, float | None] = (0.0, None)  # of the start, and of being ready; since 1970
        self._failure: ServiceFailure | None = None
        self._told: ServiceReport | None = None
        self._is_over = False

    def run(self) -> ServiceStatus:
        """Until the service is over; nothing of it is left then."""
        process_tree.adopt_orphans()
        try:
            with self._leased():
                self._happens(Timer())
                while not self._is_over or self._is_wanted_again():
                    self._turn()
            return self._status()
        finally:
            self._close()

    # The loop

    def _turn(self) -> None:
        self._publish()
        ready = self._wait()
        if self._signals.fileno() in ready:
            self._signalled()
        self._take_output()
        self._note_end()
        for message in self._notify.read():
            self._happens(message)
        self._end_try()
        self._listen(ready)
        due = self._lifecycle.due()
        if due is not None and time.monotonic() >= due:
            self._happens(Timer())

    def _wait(self) -> set[int]:
        poller = select.poll()
        for descriptor, events in self._interests().items():
            poller.register(descriptor, events)
        return {descriptor for descriptor, _ in poller.poll(self._seconds_left() * 1000 + 1)}

    def _interests(self) -> dict[int, int]:
        waits = {**self._door.interests(), self._signals.fileno(): select.POLLIN, self._notify.fileno(): select.POLLIN}
        if self._program is not None:
            waits.update(dict.fromkeys(self._program.descriptors, select.POLLIN))
        if self._try is not None and (one := self._try.waits_for()):
            waits[one[0]] = one[1]
        return waits

    def _seconds_left(self) -> float:
        times = [] if (due := self._lifecycle.due()) is None else [due]
        now = time.monotonic()
        if self._try is not None:
            times.append(self._try_deadline if self._try.waits_for() else now + LOOK)
        if self._awaits_remains:
            times.append(now + LOOK)
        return min(max(0.0, min(times, default=LONGEST_WAIT + now) - now), LONGEST_WAIT)

    @property
    def _awaits_remains(self) -> bool:
        return self._lifecycle.phase is ServicePhase.STOPPING and self._program is not None and self._is_end_told

    def _happens(self, event: Happening) -> None:
        before = self._lifecycle.failure
        actions = self._lifecycle.handle(event, time.monotonic())
        if (failure := self._lifecycle.failure) is not None and failure is not before:
            self._failure = ServiceFailure(*failure, self._log.last_lines)
        if self._lifecycle.state is ServiceState.READY and self._times[1] is None:
            self._times = self._times[0], time.time()
        for action in actions:
            self._do(action)

    def _do(self, action: Action) -> None:
        match action:
            case StartProgram(new_ports):
                self._start(new_ports)
            case BeginTry():
                self._begin_try(action)
            case SendSignal(name):
                self._drop_try()
                if self._program is not None:
                    self._program.signal(name)
            case KillTree():
                self._kill()
            case Finish():
                self._is_over = True

    # The program

    def _start(self, new_ports: bool) -> None:
        self._end_program()
        self._is_over = False
        self._times = time.time(), None
        try:
            self._choose_ports(new_ports)
            assert self._ports is not None
            numbers = self._ports.numbers
            argv = invocation.write(self._order, numbers, self._folder.path)
            self._program = ServiceProgram(argv, self._variables(numbers))
        except PortTaken as error:
            self._happens(StartFailure(str(error), is_port_taken=True))
        except OSError as error:
            self._happens(StartFailure(f"its program can't be started: {error.strerror or error}"))
        else:
            self._is_end_told = False
            shown = ", ".join(f"{name} {number}" for name, number in numbers.items())
            self._log.begin(f"started (process {self._program.pid}, ports: {shown})")

    def _choose_ports(self, new_ports: bool) -> None:
        """They stay the same, so that the addresses stay those that users have."""
        if self._ports is not None and not new_ports:
            return
        is_held = self._ports is None
        if self._ports is not None:
            self._ports.close()
        self._ports = ReservedPorts(self._order.definition.ports, self._order.host, self._order.fixed_ports, is_held)

    def _variables(self, numbers: dict[str, int]) -> dict[str, str]:
        return invocation.variables(self._order, numbers, self._token, self._folder.path, self._notify.address)

    def _take_output(self) -> None:
        if self._program is not None:
            self._log.take(self._program.read())

    def _note_end(self) -> None:
        if self._program is None:
            return
        if self._is_end_told:
            if self._awaits_remains and not self._program.has_remains():
                self._happens(TreeEnd())
            return
        code = self._program.poll()
        if code is None:
            return
        self._is_end_told = True
        self._take_output()
        self._log.flush()
        self._drop_try()
        is_stopping = self._lifecycle.phase is ServicePhase.STOPPING
        self._happens(ProgramEnd(code, is_stopping and self._program.has_remains(), self._says_taken()))

    def _says_taken(self) -> bool:
        said = "\n".join(self._log.last_lines).lower()
        return any(words in said for words in TAKEN_WORDS)

    def _kill(self) -> None:
        self._drop_try()
        if self._program is None:
            return
        code = self._program.kill()
        if self._is_end_told:
            self._happens(TreeEnd())
        else:
            self._is_end_told = True
            self._happens(ProgramEnd(-process_tree.KILL if code is None else code))

    def _end_program(self) -> None:
        """Whatever of it is still there."""
        self._drop_try()
        program, self._program = self._program, None
        if program is not None:
            program.kill()
            self._log.take(program.read())
            self._log.flush()
            program.close()

    # How it is

    def _begin_try(self, action: BeginTry) -> None:
        assert self._ports is not None
        numbers = self._ports.numbers
        self._try_deadline = time.monotonic() + action.probe.timeout
        is_ready = self._lifecycle.phase is ServicePhase.READY
        try:
            self._try = self._begun(action.probe.way, numbers, is_ready)
        except OSError as error:
            self._happens(TryResult(False, f"the probe can't be started: {error.strerror or error}"))

    def _begun(self, way: Way, numbers: dict[str, int], is_ready: bool) -> probes.Try:
        """Raises ``OSError``."""
        assert not isinstance(way, Notified)  # what is notified isn't asked
        if not isinstance(way, CommandProbe):
            return probes.of_connection(way, self._order.host, numbers, is_ready)
        with _opened_for_writing(self._folder.file(ERRORS)) as log:
            return probes.of_command(way, numbers, self._variables(numbers), log)

    def _end_try(self) -> None:
        if self._try is None:
            return
        result = self._try.result()
        if result is None and time.monotonic() >= self._try_deadline:
            result = TryResult(False, "there was no answer in time")
        if result is not None:
            self._drop_try()
            self._happens(result)

    def _drop_try(self) -> None:
        probes.closed(self._try)
        self._try = None

    # People

    def _listen(self, ready: set[int]) -> None:
        for wish in self._door.work(ready):
            if wish == STOP:
                self._happens(StopRequest())
            elif wish == RESTART:
                self._happens(RestartRequest())
        if self._door.users != self._users:
            self._users = self._door.users
            self._happens(UserCount(self._users))

    def _signalled(self) -> None:
        if self._signals.received() & {signal.SIGTERM, signal.SIGINT}:
            self._happens(StopRequest())
        ours = [] if self._program is None else [self._program.pid]
        one = self._try
        process_tree.collect_orphans([*ours, *([one.pid] if isinstance(one, probes.CommandTry) else [])])

    def _publish(self) -> None:
        report = self._report()
        is_news = report != self._told
        if is_news:
            self._told = report
            with contextlib.suppress(OSError):  # a copy, for people
                _write_private(self._folder.file(STATUS_FILE), encode(report))
        self._door.tell(report, is_news)

    def _report(self) -> ServiceReport:
        order = self._order
        return ServiceReport(
            key=order.key,
            name=order.name,
            project=order.project,
            supervisor=os.getpid(),
            program=self._program.pid if self._program is not None and self._program.is_running else None,
            users=self._users,
            longest_end=EXTENSIONS * order.definition.stop.timeout,
            status=self._status(),
        )

    def _status(self) -> ServiceStatus:
        return ServiceStatus(
            state=self._lifecycle.state,
            urls={} if self._ports is None else self._ports.urls,
            token=self._token,
            started_at=self._times[0],
            ready_at=self._times[1],
            restarts=self._lifecycle.restarts,
            message=self._lifecycle.message,
            failure=self._failure,
            log=str(self._log.path),
        )

    # The end

    def _is_wanted_again(self) -> bool:
        """Whether somebody has come while it ended for want of users; else everybody is told, and nothing is left."""
        self._end_program()
        try:
            with self._folder.locked(makes=False):
                self._listen(set(self._door.interests()))
                if not self._is_over:
                    return True
                self._publish()
                self._folder.remove()
        except (Unavailable, OSError):
            self._publish()  # who comes next removes what is left
        return False

    def _close(self) -> None:
        self._end_program()
        self._door.close()
        self._notify.close()
        self._signals.close()
        self._log.close()
        if self._ports is not None:
            self._ports.close()

    @contextlib.contextmanager
    def _leased(self) -> Iterator[None]:
        """The environment's build stays in its place meanwhile."""
        if not self._order.lease:
            yield
            return
        descriptor = os.open(self._order.lease, os.O_RDONLY | os.O_CLOEXEC)
        try:
            try_shared(descriptor, LEASE_SECONDS)
            yield
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def _opened_for_writing(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _write_private(path: Path, data: bytes) -> None:
    with files.replaced(path, flush=False) as beside:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as file:
            file.write(data)
