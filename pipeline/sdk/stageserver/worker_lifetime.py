"""When a worker ends: with its client, after a time without work, or when it is asked to.

A process of its own, the keeper, takes the clients' connections and sees to that.
"""

import _signal
import _socket
import fcntl
import os
import select
import sys
import time

from stageserver import children, worker
from stageserver.client import Client, accept
from stageserver.perform import end_interpreter
from stageserver.protocol import END, ENDED, LEASE, LEASED_DESCRIPTORS, LOCK, STATUS, STOP, Answer, ServerStatus, send
from stageserver.server import Server
from stageserver.suppress import suppress

LONGEST_WAIT = 1_000_000.0  # seconds; a system counts them in milliseconds, of which it takes 2**31


def serve(server: Server) -> None:
    try:
        keeper = _Keeper(server)
    except BaseException:
        server.files.remove()
        raise
    try:
        keeper.loop()
    finally:
        keeper.end()


class _Keeper:
    def __init__(self, server: Server) -> None:
        self._server = server
        self._files = server.files
        self._limits = server.limits
        self._listener = server.listener
        self._client = None  # type: Client | None
        self._watched = -1  # the client's order pipe, while the client is known to be there
        self._worker_ended = False
        self._is_deaf = False  # the worker ends, or a stage has closed what wasn't its own
        self._ends = False
        self._control, theirs = _socket.socketpair()
        self._worker = _start_worker(server, self._control, theirs)
        theirs.close()
        self._signals = children.Signals()
        children.adopt_orphans()
        self._idle_since = time.monotonic()
        self._busy = self._files.busy(self._worker)
        self._busy.clear()  # takes its room on the disk; where there is none, the server ends

    def loop(self) -> None:
        while not (self._worker_ended or self._ends):
            ready = self._wait()
            if self._signals.descriptor in ready:
                self._signalled()
            if self._control.fileno() in ready:
                self._release()
            if self._watched in ready:
                self._client_gone()
            if self._listener.fileno() in ready and not self._worker_ended:
                self._answer()
            if self._idle_for() >= self._limits.idle_seconds and self._retires():
                self._files.log("worker %d ends: idle for %g s" % (self._worker, self._limits.idle_seconds))
                return

    def end(self) -> None:
        """Nothing of the worker, its files or what its stages started outlives this."""
        if not self._worker_ended:
            children.kill_group(self._worker)
            with suppress(ProcessLookupError):  # it may not lead a group yet
                os.kill(self._worker, _signal.SIGKILL)
            children.end_all()
            if self._client:
                self._client.tell(Answer.LOST, -_signal.SIGTERM, "the worker that ran it was stopped")
        self._files.remove()

    def _wait(self) -> "set[int]":
        poller = select.poll()
        for descriptor in (self._signals.descriptor, self._listener.fileno()):
            poller.register(descriptor, select.POLLIN)
        if not self._is_deaf:
            poller.register(self._control.fileno(), select.POLLIN)
        if self._watched >= 0:
            poller.register(self._watched, 0)  # only its end: what it brings is for the worker
        rest = min(max(0.0, self._limits.idle_seconds - self._idle_for()), LONGEST_WAIT)
        timeout = None if self._client else rest * 1000 + 1
        return {descriptor for descriptor, _ in poller.poll(timeout)}

    def _idle_for(self) -> float:
        return 0.0 if self._client else time.monotonic() - self._idle_since

    def _signalled(self) -> None:
        if _signal.SIGTERM in self._signals.received():
            self._ends = True
        code = children.collect(self._worker)
        if code is None:
            return
        self._worker_ended = True
        children.end_all()  # before the client hears of it
        if code:
            self._files.log("worker %d %s" % (self._worker, children.describe(code)))
        if self._client:
            self._client.tell(Answer.LOST, code, "the worker that ran it " + children.describe(code))

    def _release(self) -> None:
        with suppress(OSError):
            self._is_deaf = not self._control.recv(16)
        if self._client and not self._is_deaf:
            self._client.close()
            self._client, self._watched = None, -1
            self._idle_since = time.monotonic()

    def _client_gone(self) -> None:
        self._watched = -1  # an idle worker sees the end itself, and says so
        if self._busy.marked:
            children.kill_group(self._worker)

    def _answer(self) -> None:
        met = accept(self._listener)
        if met is None:
            return
        connection, request, descriptors = met
        try:
            with suppress(OSError):
                if request == LEASE:
                    self._take(descriptors)
                elif request == STATUS:
                    connection.sendall(self._status())
                elif request == END or (request == STOP and not self._client):
                    self._ends = True
                    connection.sendall(ENDED)
        finally:
            connection.close()

    def _take(self, descriptors: "list[int]") -> None:
        if self._client or len(descriptors) != LEASED_DESCRIPTORS:
            for descriptor in descriptors:
                os.close(descriptor)
            return
        self._client = Client(*descriptors)
        self._watched = descriptors[0]
        self._client.tell(Answer.OWNER, os.getpid())
        send(self._control, LEASE, descriptors[:2])

    def _status(self) -> bytes:
        idle = 0.0 if self._busy.marked else time.monotonic() - self._idle_since
        leased, age = bool(self._client), self._server.age_seconds
        tasks = self._files.tasks
        status = ServerStatus(os.getpid(), self._worker, sys.prefix, tasks, leased, round(age, 1), round(idle, 1))
        return bytes(status.encode())

    def _retires(self) -> bool:
        """Whether no client can take the worker any more: who holds the lock is about to."""
        lock = os.open(self._files.path(LOCK), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            self._idle_since = time.monotonic()
            return False
        return True  # held until this process is gone


def _start_worker(server: Server, not_its: _socket.socket, control: _socket.socket) -> int:
    tie, ours = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(ours)  # it stays open as long as the keeper lives, and no longer
        not_its.close()
        _become_worker(server, control, tie)
    os.close(tie)
    return pid


def _become_worker(server: Server, control: _socket.socket, tie: int) -> None:
    """Doesn't return."""
    code = 70
    try:
        server.listener.close()
        os.setsid()
        children.die_with(tie, server.runner)
        worker.run(server, control)
        code = 0
    except BaseException as error:
        server.files.log("worker %d failed: %r" % (os.getpid(), error))
    finally:
        end_interpreter(code)
