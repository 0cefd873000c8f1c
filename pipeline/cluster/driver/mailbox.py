"""What threads have to tell the run's loop, and the bell that ends its wait."""

import contextlib
import os
import select
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Any thread posts; one takes."""

    def __init__(self) -> None:
        self._letters: deque[T] = deque()
        self._wake, self._bell = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(self._bell, False)

    def post(self, letter: T) -> None:
        self._letters.append(letter)
        self.ring()

    def ring(self) -> None:
        """End the wait without a letter."""
        with contextlib.suppress(BlockingIOError, OSError):  # it rings already; or nobody waits any more
            os.write(self._bell, b"!")

    def wait(self, other: int, seconds: float | None) -> bool:
        """Until there is a letter, the ring of a bell, or something to read at ``other``; returns whether that was."""
        poller = select.poll()
        poller.register(self._wake, select.POLLIN)
        poller.register(other, select.POLLIN)
        ready = {descriptor for descriptor, _ in poller.poll(None if seconds is None else seconds * 1000 + 1)}
        with contextlib.suppress(BlockingIOError):
            while len(os.read(self._wake, 4096)) == 4096:
                pass
        return other in ready

    def take(self) -> list[T]:
        """All letters, in order."""
        letters = []
        while self._letters:
            letters.append(self._letters.popleft())
        return letters

    def close(self) -> None:
        wake, bell, self._wake, self._bell = self._wake, self._bell, -1, -1
        os.close(wake)
        os.close(bell)
