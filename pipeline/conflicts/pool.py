"""A few calls at once, each of which mostly waits for a process of its own."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from pipeline import process

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
            process.kill_children()
            raise
