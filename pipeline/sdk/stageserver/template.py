"""The template of one stage: a process that has loaded it and runs nothing, and is forked for each task.

A handler per client, forked from the template, takes its orders and forks itself for each: so every task finds the
state that loading left, and clients don't wait for each other.
"""

import contextlib
import gc
import os
import select
import signal
import time

from stageserver import children, fitness
from stageserver.lease import Lease, Order, accept
from stageserver.place import Busy, Server
from stageserver.tasks import Loaded, end_interpreter, perform

LOADING_SECONDS = 600  # a stage whose imports take longer hangs, and the template with it


def serve(server: Server, stage_file: str, digest: str, *modules: str) -> None:
    template = _Template(server, _load(server, stage_file, digest, list(modules)))
    try:
        template.loop()
    finally:
        if os.getpid() == template.pid:
            server.place.remove()


def _load(server: Server, stage_file: str, digest: str, modules: "list[str]") -> Loaded:
    """The stage's module. One that can't be loaded is left to each task, where its error has a log to go to."""
    loaded = Loaded(server.runner)
    signal.alarm(LOADING_SECONDS)
    try:
        loaded.module(stage_file, digest, modules)
    except BaseException as error:
        server.place.log("%s can't be loaded: %r" % (stage_file, error))
    signal.alarm(0)
    return loaded


class _Template:
    def __init__(self, server: Server, loaded: Loaded) -> None:
        self.pid = os.getpid()
        self._server = server
        self._place = server.place
        self._limits = server.limits
        self._listener = server.listener
        self._loaded = loaded
        self._handlers = set()  # type: set[int]
        self._told_to_end = False
        self._refusal = fitness.why_not_forked()
        if self._refusal:
            self._place.log("%d can't be forked: %s" % (self.pid, self._refusal))
        children.adopt_orphans()
        gc.collect()
        gc.freeze()  # a collection in a fork would copy the memory of everything loaded
        self._signals = children.Signals()
        self._idle_since = time.monotonic()

    def loop(self) -> None:
        while not self._told_to_end:
            ready = self._wait()
            if self._signals.descriptor in ready:
                self._signalled()
            if self._listener.fileno() in ready:
                self._answer()
            if self._idle_for() >= self._limits.idle_seconds:
                self._place.log("template %d ends: idle for %g s" % (self.pid, self._limits.idle_seconds))
                return
        for handler in self._handlers:
            children.kill_group(handler)
        children.end_all()

    def _wait(self) -> "set[int]":
        poller = select.poll()
        poller.register(self._signals.descriptor, select.POLLIN)
        poller.register(self._listener.fileno(), select.POLLIN)
        timeout = None if self._handlers else max(0.0, self._limits.idle_seconds - self._idle_for()) * 1000 + 1
        return {descriptor for descriptor, _ in poller.poll(timeout)}

    def _idle_for(self) -> float:
        return 0.0 if self._handlers else time.monotonic() - self._idle_since

    def _signalled(self) -> None:
        if signal.SIGTERM in self._signals.received():
            self._told_to_end = True
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, _ = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    break
                self._handlers.discard(pid)
        self._idle_since = time.monotonic()

    def _answer(self) -> None:
        met = accept(self._listener)
        if met is None:
            return
        connection, request, descriptors = met
        with contextlib.closing(connection), contextlib.suppress(OSError):
            if request == b"lease" and len(descriptors) == 2:
                self._take(Lease(*descriptors))
            elif request == b"status":
                connection.sendall(self._status())
            elif request == b"end" or (request == b"stop" and not self._handlers):
                self._told_to_end = True
                connection.sendall(b"ended")

    def _status(self) -> bytes:
        idle, leased = round(self._idle_for(), 1), bool(self._handlers)
        return bytes(self._server.status(kind="fork", pid=self.pid, idle_seconds=idle, leased=leased))

    def _take(self, lease: Lease) -> None:
        self._idle_since = time.monotonic()
        try:
            if self._refusal:
                lease.tell("refused", self._refusal)
                return
            pid = os.fork()
            if pid:
                self._handlers.add(pid)
                return
        finally:
            if os.getpid() == self.pid:
                lease.close()
        self._become_handler(lease)

    def _become_handler(self, lease: Lease) -> None:
        code = 70
        try:
            os.setsid()
            self._listener.close()
            os.close(self._server.lock)  # the template's as long as it lives, and no longer
            _Handler(self._server, lease, self._loaded).serve()
            code = 0
        except BaseException as error:
            self._place.log("handler %d failed: %r" % (os.getpid(), error))
        finally:
            children.end_all()
            os._exit(code)


class _Handler:
    """One client's tasks, one after another, each in a fork of this process."""

    def __init__(self, server: Server, lease: Lease, loaded: Loaded) -> None:
        self._place = server.place
        self._lease = lease
        self._loaded = loaded
        self._runner = server.runner
        self._signals = children.Signals()
        children.adopt_orphans()
        self._busy = Busy(self._place, os.getpid())
        self._tie, self._held = os.pipe()

    def serve(self) -> None:
        self._busy.clear()  # takes its room on the disk; without it nobody is answered
        self._lease.tell("owner", os.getpid())
        with contextlib.closing(self._lease):
            while True:
                order = self._lease.next_order()
                if order is None:
                    break
                self._busy.mark(order.token, order.id)
                code = self._run(order)
                children.end_all()
                self._busy.clear()
                self._place.count_task()
                if not self._lease.tell("exit", code):
                    break
        self._busy.remove()

    def _run(self, order: Order) -> int:
        """The exit code of a fork that performs the order; one whose client goes is killed."""
        pid = os.fork()
        if not pid:
            self._become_task(order)
        poller = select.poll()
        poller.register(self._signals.descriptor, select.POLLIN)
        poller.register(self._lease.orders, 0)
        while True:
            ready = {descriptor for descriptor, _ in poller.poll()}
            if self._lease.orders in ready:
                poller.unregister(self._lease.orders)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                children.kill_group(pid)
            if self._signals.descriptor in ready:
                if signal.SIGTERM in self._signals.received():
                    raise SystemExit
                code = children.collect(pid)
                if code is not None:
                    return int(code)

    def _become_task(self, order: Order) -> None:
        try:
            children.ordinary_signals()
            os.setsid()
            os.close(self._held)
            children.die_with(self._tie, self._runner)
            end_interpreter(perform(order, self._lease, self._loaded, self._runner), self._runner.let_go)
        finally:
            os._exit(70)
