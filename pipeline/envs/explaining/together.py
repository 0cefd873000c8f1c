"""A few calls at once, each of which mostly waits for a process of its own."""

import contextlib
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
AT_ONCE = 2  # a resolver keeps a processor busy


def side_by_side(calls: Sequence[Callable[[], T]]) -> list[T]:
    """The results in the calls' order. The first failure is raised, and what was started for the others is ended."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(AT_ONCE) as threads:
        futures = [threads.submit(call) for call in calls]
        try:
            return [future.result() for future in futures]
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            _end_children()
            raise


def _end_children() -> None:
    """An interruption reaches only this process, whose children lead sessions of their own."""
    import psutil

    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
