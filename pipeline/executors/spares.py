"""Fresh interpreters that are started ahead of their turn, so that they start beside the stage before."""

import contextlib
from pathlib import Path

from pipeline.executors.cold import FreshProcess
from pipeline.process import Interpreter

COUNT = 2  # of one environment: one per core of a small machine is enough to keep start-up off the critical path


class SpareProcesses:
    def __init__(self, startup_log: Path) -> None:
        self._startup_log = startup_log
        self._spares: dict[Path, list[FreshProcess]] = {}  # by the environment's prefix

    def add(self, interpreter: Interpreter) -> None:
        """Start one, unless there are enough."""
        spares = self._spares.setdefault(interpreter.prefix, [])
        if len(spares) < COUNT:
            with contextlib.suppress(OSError):  # what is wrong shows where the interpreter is needed
                spares.append(FreshProcess(interpreter, {}, self._startup_log))

    def take(self, interpreter: Interpreter) -> FreshProcess | None:
        """One that is still alive."""
        spares = self._spares.get(interpreter.prefix, [])
        while spares:
            spare = spares.pop(0)
            if spare.child.poll() is None:
                return spare
            spare.close()
        return None

    def close(self) -> None:
        for spare in (spare for spares in self._spares.values() for spare in spares):
            spare.close()  # its tie kills it; elsewhere than on Linux it leaves, since no order comes any more
            spare.child.wait()
        self._spares.clear()
