"""A fresh process per stage on this machine, started ahead of its turn where the scheduler says so.

An interpreter that waits has loaded only our runner. It is used once, so that every stage starts clean,
while its start-up happens beside the stage before it.
"""

import contextlib
import json
import os
import select
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline import process
from pipeline.executors.base import Event, Exited, Invocation, Message
from pipeline.process import Interpreter

RUNNER = Path(__file__).parents[1] / "sdk" / "run_stage.py"
REPORTS = {"note": str, "warning": str, "error": str, "wrong_environment": bool}  # and progress, a number
SPARES = 2  # one per core of a small machine: enough to keep start-up off the critical path


class LocalExecutor:
    def __init__(self, logs: Path) -> None:
        self._startup_log = logs / "interpreters.log"
        self._spares: dict[Path, list[_Worker]] = {}
        self._running: list[_Worker] = []

    def prepare(self, interpreter: Interpreter) -> None:
        spares = self._spares.setdefault(interpreter.prefix, [])
        if len(spares) < SPARES:
            with contextlib.suppress(OSError):  # only a hint: what is wrong shows where the interpreter is needed
                spares.append(_Worker(interpreter, self._startup_log))

    def submit(self, invocation: Invocation) -> None:
        worker = self._spare(invocation.interpreter) or _Worker(invocation.interpreter, self._startup_log)
        self._running.append(worker)
        worker.order(invocation)

    def _spare(self, interpreter: Interpreter) -> "_Worker | None":
        """One that was started ahead and is still alive."""
        spares = self._spares.get(interpreter.prefix, [])
        while spares:
            worker = spares.pop(0)
            if worker.child.poll() is None:
                return worker
            worker.close()
        return None

    def wait(self, wake: int, timeout: float | None) -> Sequence[Event]:
        poller = select.poll()
        poller.register(wake, select.POLLIN)
        for worker in self._running:
            for descriptor in worker.descriptors:
                poller.register(descriptor, select.POLLIN)
        ready = {descriptor for descriptor, _ in poller.poll(None if timeout is None else timeout * 1000)}
        events: list[Event] = []
        for worker in [worker for worker in self._running if ready.intersection(worker.descriptors)]:
            events += worker.messages()
            if worker.has_ended(ready):
                events += self._collect(worker)
        return events

    def _collect(self, worker: "_Worker") -> list[Event]:
        self._running.remove(worker)
        returncode = process.reap(worker.child)
        events: list[Event] = [*worker.messages(), Exited(worker.id, returncode)]
        worker.close()
        return events

    def cancel(self, id: str, grace: float) -> None:
        for worker in self._running:
            if worker.id == id:
                process._signal_group(worker.child.pid, 9)

    def stop(self, grace: float) -> None:
        # Forgotten only when it is gone: asked again while this waits, they must still be known.
        process.stop([worker.child for worker in self._running], grace)
        while self._running:
            self._running.pop().close()

    def close(self) -> None:
        for worker in (worker for spares in self._spares.values() for worker in spares):
            worker.close()  # end of file, and no order: it leaves by itself
            worker.child.wait()
        self._spares.clear()


class _Worker:
    """One process of the runner: an order pipe into it, a report pipe out of it."""

    def __init__(self, interpreter: Interpreter, startup_log: Path) -> None:
        self.id = ""
        self._interpreter = interpreter
        self._buffer = b""
        self._at_end = False
        startup_log.parent.mkdir(exist_ok=True)
        log = os.open(startup_log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        orders, self._orders = os.pipe()
        self._reports, reports = os.pipe()
        argv: list[str | Path] = [interpreter.python, "-I", "-B", RUNNER]
        try:
            self.child = process.spawn(argv, interpreter.variables, orders, reports, log)
        except OSError:
            self.close_pipes()
            raise
        finally:
            for descriptor in (orders, reports, log):
                os.close(descriptor)
        self._exit = process.exit_descriptor(self.child)
        os.set_blocking(self._reports, False)

    @property
    def descriptors(self) -> list[int]:
        """What to wait for: reports as long as there can be any, and the end."""
        ends = [] if self._exit is None else [self._exit]
        return ends if self._at_end and ends else [self._reports, *ends]

    def order(self, invocation: Invocation) -> None:
        self.id = invocation.id
        fields = (self._interpreter.prefix, invocation.stage_file, invocation.file, invocation.log)
        line = b"\0".join(os.fsencode(field) for field in fields) + b"\n"
        with contextlib.suppress(BrokenPipeError):  # it died while it waited; its end is an event like any other
            os.write(self._orders, line)

    def messages(self) -> list[Event]:
        """What has arrived since the last call, by whole lines."""
        while chunk := self._read():
            self._buffer += chunk
        *lines, self._buffer = self._buffer.split(b"\n")
        return [Message(self.id, fields) for line in lines if (fields := _decode(line))]

    def has_ended(self, ready: set[int]) -> bool:
        return self._exit in ready if self._exit is not None else self._at_end

    def close(self) -> None:
        self.close_pipes()
        if self._exit is not None:
            os.close(self._exit)

    def close_pipes(self) -> None:
        os.close(self._orders)
        os.close(self._reports)

    def _read(self) -> bytes:
        try:
            chunk = os.read(self._reports, 65536)
        except BlockingIOError:
            return b""
        self._at_end = not chunk
        return chunk


def _decode(line: bytes) -> dict[str, Any] | None:
    """A report; ``None`` for what a stage wrote to the descriptor by mistake."""
    try:
        fields = json.loads(line)
    except ValueError:
        return None
    known = {name: value for name, value in fields.items() if _fits(name, value)} if isinstance(fields, dict) else None
    return known or None


def _fits(name: str, value: Any) -> bool:
    if name == "progress":
        return isinstance(value, int | float) and 0 <= value <= 1  # which NaN isn't
    return isinstance(value, REPORTS.get(name, ()))
