"""Fresh interpreters that are started ahead of their turn, so that they start beside the stage before."""

import contextlib
from pathlib import Path

from pipeline.executors.cold import FreshProcess
from pipeline.process import Interpreter

COUNT = 2  # of one environment: one per core of a small machine is enough to keep start-up off the critical path


class SpareInterpreters:
    def __init__(self, startup_log: Path) -> None:
        self._startup_log = startup_log
        self._spares: list[tuple[Interpreter, FreshProcess]] = []

    def add(self, interpreter: Interpreter) -> None:
        """Start one, unless there are enough."""
        if sum(each == interpreter for each, _ in self._spares) < COUNT:
            with contextlib.suppress(OSError):  # what is wrong shows where the interpreter is needed
                self._spares.append((interpreter, FreshProcess(interpreter, {}, self._startup_log)))

    def take(self, interpreter: Interpreter) -> FreshProcess | None:
        """One that is still alive. It has the same variables: jobs of one run may differ in them."""
        mine = [each for each in self._spares if each[0] == interpreter]
        for each in mine:
            self._spares.remove(each)
            if each[1].child.poll() is None:
                return each[1]
            each[1].close()
        return None

    def close(self) -> None:
        for _, spare in self._spares:
            spare.close()  # its tie kills it; elsewhere than on Linux it leaves, since no order comes any more
            spare.child.wait()
        self._spares.clear()
