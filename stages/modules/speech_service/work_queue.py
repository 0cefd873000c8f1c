"""Requests wait for the model, first come, first served: one is recognised at a time, by all CPUs or the GPU."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from speech_service.api_errors import TOO_MANY, ApiError

Result = TypeVar("Result")


class WorkQueue:
    """At most ``most`` requests are here at a time: one at work, the others uploading or waiting."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._pool = ThreadPoolExecutor(1, "recognition")
        self.count = 0

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place for one request. Raises ``ApiError`` where all are taken."""
        if self.count >= self._most:
            what = f"{self.count} requests are at work or wait already, which is as many as this server takes"
            raise ApiError(TOO_MANY, what, code="queue_full", headers={"Retry-After": "5"})
        self.count += 1
        try:
            yield
        finally:
            self.count -= 1

    def submit(self, work: Callable[[], Result]) -> "Future[Result]":
        """Some work, which begins when all before it is done. It can be cancelled until it begins."""
        return self._pool.submit(work)
