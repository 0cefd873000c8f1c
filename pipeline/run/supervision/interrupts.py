"""Signals turned into a flag and a readable descriptor: a wait wakes, a commit isn't torn.

Those of ``ASKING`` ask for an end; ``LOOK`` says that there is something to look at, such as a cancelled job. How the
run ends then is decided in ``run/loop.py``.
"""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ASKING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
LOOK = getattr(signal, "SIGUSR1", None)
STEP_SECONDS = 0.2  # a person who presses Ctrl-C doesn't notice it


class Interrupts:
    def __init__(self) -> None:
        self.received: str | None = None
        self._look = False
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)

    def fileno(self) -> int:
        return self._read

    def close(self) -> None:
        os.close(self._read)
        os.close(self._write)

    def asked_to_look(self) -> bool:
        """Whether somebody asked since the last call. Look at ``received`` after it: this takes its byte, too."""
        asked = False
        while self._look:  # a signal in the middle of this leaves the flag, so that its byte isn't read for nothing
            asked, self._look = True, False
            with contextlib.suppress(BlockingIOError):
                os.read(self._read, 4096)
        return asked

    def wake(self) -> None:
        """From another thread: something has happened. The byte goes first, so that the flag is never without it."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._write, b".")
        self._look = True

    def look(self, _number: int, _frame: FrameType | None) -> None:
        self._look = True
        with contextlib.suppress(BlockingIOError):  # it has been asked often enough to wake up
            os.write(self._write, b"?")

    def note(self, number: int, _frame: FrameType | None) -> None:
        if self.received is not None:
            raise KeyboardInterrupt  # asked twice: stop being polite
        self.received = signal.Signals(number).name
        os.write(self._write, b"!")


def asked_within(seconds: float) -> bool:
    """Wait, but not longer than until an end is asked for. In steps: Windows can wait for sockets, but for no pipe."""
    until = time.monotonic() + seconds
    with watched() as interrupts:
        while interrupts.received is None and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, STEP_SECONDS))
        return interrupts.received is not None


@contextmanager
def watched() -> Iterator[Interrupts]:
    """Take the signals over for as long as a run lasts.

    One that is ignored stays so: ``nohup`` and a shell's background jobs rely on it.
    """
    interrupts = Interrupts()
    heeded = [number for number in ASKING if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, interrupts.note) for number in heeded}
    if LOOK is not None:
        before[LOOK] = signal.signal(LOOK, interrupts.look)
    try:
        yield interrupts
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        interrupts.close()
