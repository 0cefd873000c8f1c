"""Work that is begun beside other work, when its time comes."""

from collections.abc import Callable
from threading import Lock, Thread
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Ahead(Generic[Value]):
    """Begun on a thread of its own, at the latest when its result is wanted; an error comes with the result."""

    def __init__(self, act: Callable[[], Value]) -> None:
        self._act = act
        self._lock = Lock()
        self._thread: Thread | None = None
        self._value: list[Value] = []
        self._error: BaseException | None = None

    def begin(self) -> None:
        """Further calls do nothing."""
        with self._lock:
            if self._thread is None:
                self._thread = Thread(target=self._work, daemon=True)
                self._thread.start()

    def result(self) -> Value:
        self.begin()
        assert self._thread is not None
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._value[0]

    def _work(self) -> None:
        try:
            self._value.append(self._act())
        except BaseException as error:  # raised where the result is wanted
            self._error = error
