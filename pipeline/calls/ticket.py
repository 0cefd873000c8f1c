"""One call, for another thread that may want to give it up."""

import time
from typing import Protocol

from pipeline.calls.errors import CallCancelled

LOOK_SECONDS = 0.01  # between two looks at whether it has ended


class Interruptible(Protocol):
    """What has one call at work: a session."""

    def give_up(self) -> None: ...


class CallTicket:
    """A call that waits for its turn, then is at work, then has ended.

    A session has calls of many threads: who gives up one of them must not end another one.
    """

    def __init__(self) -> None:
        self._session: Interruptible | None = None
        self._is_given_up = False
        self._is_over = False

    def begin(self, session: Interruptible) -> None:
        """Its turn has come. Raises ``CallCancelled`` where nobody wants it any more."""
        self._session = session
        if self._is_given_up:
            raise CallCancelled("the call was given up before its turn", is_state_lost=False)

    def end(self) -> None:
        self._is_over = True

    def give_up(self) -> bool:
        """Whether it was at work. It has ended then, or its worker was killed."""
        self._is_given_up = True
        session = self._session
        if session is None or self._is_over:
            return False
        while not self._is_over:
            session.give_up()
            time.sleep(LOOK_SECONDS)
        return True
