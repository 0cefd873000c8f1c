"""Signals that ask for an end, turned into a flag and a readable descriptor: a wait wakes, a commit isn't torn."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ASKING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Interrupts:
    def __init__(self) -> None:
        self.received: str | None = None
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)

    def fileno(self) -> int:
        return self._read

    def close(self) -> None:
        os.close(self._read)
        os.close(self._write)

    def note(self, number: int, _frame: FrameType | None) -> None:
        if self.received is not None:
            raise KeyboardInterrupt  # asked twice: stop being polite
        self.received = signal.Signals(number).name
        os.write(self._write, b"!")


@contextmanager
def watched() -> Iterator[Interrupts]:
    """Take the signals over for as long as a run lasts.

    One that is ignored stays so: ``nohup`` and a shell's background jobs rely on it.
    """
    interrupts = Interrupts()
    heeded = [number for number in ASKING if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, interrupts.note) for number in heeded}
    try:
        yield interrupts
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        interrupts.close()
