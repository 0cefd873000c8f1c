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
from pipeline.services.bounds import EXTENSIONS
from pipeline.services.client_connections import ClientConnections
from pipeline.services.events import (
    Action,
    BeginTry,
    Finish,
    Happening,
    KillRequest,
    KillTree,
    ProgramEnd,
    RestartRequest,
    SendSignal,
    StartFailure,
    StartProgram,
    StopRequest,
    Timer,
    UserCount,
)
from pipeline.services.folder import PROBE, STATUS_FILE, ServiceFolder
from pipeline.services.lifecycle import Lifecycle
from pipeline.services.log import Sink
from pipeline.services.notifications import NotificationSocket
from pipeline.services.order import ServiceOrder
from pipeline.services.phases import ServicePhase
from pipeline.services.probe_run import LOOK, ProbeRun
from pipeline.services.program_run import ProgramRun
from pipeline.services.signals import SignalPipe
from pipeline.services.status import ServiceFailure, ServiceState, ServiceStatus
from pipeline.services.wire import KILL, RESTART, STOP, ServiceReport
from pipeline.values import encode

LEASE_SECONDS = 5.0


class Supervisor:
    """One service, from its start until nobody needs it. ``sink`` gets what the program prints, line by line."""

    def __init__(
        self, order: ServiceOrder, folder: ServiceFolder, listener: socket.socket, sink: Sink | None = None
    ) -> None:
        """Raises ``OSError`` where the folder can't be written."""
        self._order = order
        self._folder = folder
        self._door = ClientConnections(listener)
        self._token = secrets.token_urlsafe(32) if order.token is None else order.token
        self._notify = NotificationSocket(folder.path)
        self._programs = ProgramRun(order, folder, self._token, self._notify.address, sink)
        self._prober = ProbeRun(order.host, folder.file(PROBE))
        self._signals = SignalPipe()
        self._lifecycle = Lifecycle(order.definition, time.monotonic())
        self._users = 0
        self._ready_at: float | None = None  # seconds since 1970
        self._failure: ServiceFailure | None = None
        self._told: ServiceReport | None = None
        self._is_over = False
        self._is_asked_to_end = False  # by a signal; the next one means at once

    def run(self) -> ServiceStatus:
        """Until the service is over; nothing of it is left then."""
        process_tree.adopt_orphans()
        try:
            with self._leased() as problem:
                self._happens(problem or Timer())
                while not self._is_over or self._is_wanted_again():
                    self._turn()
            return self._status()
        finally:
            self._close()

    # The loop

    def _turn(self) -> None:
        self._publish()
        self._count_users()  # who was to be told may be found gone
        ready = self._wait()
        if self._signals.fileno() in ready:
            self._signalled()
        if (end := self._programs.news(self._is_stopping)) is not None:
            self._prober.drop()
            self._happens(end)
        for message in self._notify.read():
            self._happens(message)
        if (result := self._prober.result()) is not None:
            self._happens(result)
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
        waits.update(dict.fromkeys(self._programs.descriptors, select.POLLIN))
        return {**waits, **self._prober.interests()}

    def _seconds_left(self) -> float:
        times = [due for due in (self._lifecycle.due(), self._prober.due()) if due is not None]
        now = time.monotonic()
        if self._is_stopping and self._programs.has_ended:  # only a look tells whether what it has left is gone
            times.append(now + LOOK)
        return min(max(0.0, min(times, default=LONGEST_WAIT + now) - now), LONGEST_WAIT)

    @property
    def _is_stopping(self) -> bool:
        return self._lifecycle.phase is ServicePhase.STOPPING

    def _happens(self, event: Happening) -> None:
        before = self._lifecycle.failure
        actions = self._lifecycle.handle(event, time.monotonic())
        if (failure := self._lifecycle.failure) is not None and failure is not before:
            kind, text = failure
            log = self._programs.log
            code = event.code if isinstance(event, ProgramEnd) else None
            self._failure = ServiceFailure(kind, log.without_secrets(text), log.last_lines, code)
        if self._lifecycle.state is ServiceState.READY and self._ready_at is None:
            self._ready_at = time.time()
        for action in actions:
            self._do(action)

    def _do(self, action: Action) -> None:
        match action:
            case StartProgram(new_ports):
                self._start(new_ports)
            case BeginTry():
                self._begin_try(action)
            case SendSignal(name):
                self._prober.drop()
                self._programs.signal(name)
            case KillTree():
                self._prober.drop()
                if (end := self._programs.kill()) is not None:
                    self._happens(end)
            case Finish():
                self._is_over = True

    def _start(self, new_ports: bool) -> None:
        self._is_over, self._ready_at = False, None
        failure = self._programs.start(new_ports)
        if failure is not None:
            self._happens(failure)

    def _begin_try(self, action: BeginTry) -> None:
        is_ready = self._lifecycle.phase is ServicePhase.READY
        problem = self._prober.begin(action.probe, self._programs.numbers, self._programs.variables, is_ready)
        if problem is not None:
            self._happens(problem)

    # People

    def _listen(self, ready: set[int]) -> None:
        for wish in self._door.work(ready):
            if wish == STOP:
                self._happens(StopRequest())
            elif wish == KILL:
                self._happens(KillRequest())
            elif wish == RESTART:
                self._happens(RestartRequest())
        self._count_users()

    def _count_users(self) -> None:
        if self._door.users != self._users:
            self._users = self._door.users
            self._happens(UserCount(self._users))

    def _signalled(self) -> None:
        for _ in [each for each in self._signals.received() if each in {signal.SIGTERM, signal.SIGINT}]:
            self._happens(KillRequest() if self._is_asked_to_end else StopRequest())
            self._is_asked_to_end = True
        pids = (self._programs.pid, self._prober.pid)
        process_tree.collect_orphans([pid for pid in pids if pid is not None])

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
            program=self._programs.pid,
            users=self._users,
            longest_end=EXTENSIONS * order.definition.stop.timeout,
            status=self._status(),
        )

    def _status(self) -> ServiceStatus:
        return ServiceStatus(
            state=self._lifecycle.state,
            urls={} if self._programs.ports is None else self._programs.ports.urls,
            token=self._token,
            started_at=self._programs.started_at,
            ready_at=self._ready_at,
            restarts=self._lifecycle.restarts,
            message=self._programs.log.without_secrets(self._lifecycle.message),
            failure=self._failure,
            log=str(self._programs.log.path),
        )

    # The end

    def _is_wanted_again(self) -> bool:
        """Whether somebody has come while it ended for want of users; else everybody is told, and nothing is left."""
        self._programs.end()
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
        self._prober.drop()
        self._programs.close()
        self._door.close()
        self._notify.close()
        self._signals.close()

    @contextlib.contextmanager
    def _leased(self) -> Iterator[StartFailure | None]:
        """The environment's build stays in its place meanwhile. Gives why it can't."""
        if not self._order.lease:
            yield None
            return
        try:
            descriptor = os.open(self._order.lease, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            yield StartFailure("the build of its environment is gone")
            return
        try:
            with contextlib.suppress(OSError):  # without locks, nobody can take one to remove it
                try_shared(descriptor, LEASE_SECONDS)
            yield None
        finally:
            os.close(descriptor)


def _write_private(path: Path, data: bytes) -> None:
    with files.replaced(path, flush=False) as beside:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as file:
            file.write(data)
