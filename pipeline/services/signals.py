"""The signals that a supervisor waits for, as bytes that can be polled."""

import contextlib
import os
import signal
from types import FrameType
from typing import Any

WATCHED = (signal.SIGTERM, signal.SIGINT, *([signal.SIGCHLD] if hasattr(signal, "SIGCHLD") else []))


class SignalPipe:
    """To be made in the main thread."""

    def __init__(self) -> None:
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._reading, False)
        os.set_blocking(self._writing, False)
        self._wakeup = signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)
        self._before: dict[int, Any] = {number: signal.signal(number, _passed_over) for number in WATCHED}

    def fileno(self) -> int:
        return self._reading

    def received(self) -> list[int]:
        """Numbers of those that came since the last call, in order."""
        numbers: list[int] = []
        with contextlib.suppress(BlockingIOError):
            while True:
                numbers.extend(os.read(self._reading, 512))
        return numbers

    def close(self) -> None:
        """As it was before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup)
        os.close(self._reading)
        os.close(self._writing)


def _passed_over(_number: int, _frame: FrameType | None) -> None:
    """Its number is in the pipe."""
