"""Calls from an event loop: each waits in a thread."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


async def awaited(threads: Executor, call: Callable[[], Result], give_up: Callable[[], bool]) -> Result:
    """A task that is cancelled meanwhile gives the call up, and ends when that has ended.

    ``give_up`` says whether the call was at work. One that still waits for its turn is left at once.
    """
    begun = threads.submit(call)
    work = asyncio.wrap_future(begun)
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        work.add_done_callback(_forget)
        if not begun.cancel() and await beside(give_up):
            await asyncio.wait([work])
        raise


def _forget(work: "asyncio.Future[Result]") -> None:
    """What it fails with is of no interest any more; a loop complains where nobody has looked."""
    if not work.cancelled():
        work.exception()


async def beside(function: Callable[[], Result]) -> Result:
    """In a thread of its own: those of a session may all be at work."""
    threads = ThreadPoolExecutor(1)
    try:
        return await asyncio.wrap_future(threads.submit(function))
    finally:
        threads.shutdown(wait=False)


async def in_order(calls: Iterable[Callable[[], Awaitable[Result]]], most: int) -> AsyncIterator[Result]:
    """The results of calls in their order; so many of them are begun before their results are wanted."""
    ahead: deque[asyncio.Future[Result]] = deque()
    try:
        for call in calls:
            ahead.append(asyncio.ensure_future(call()))
            if len(ahead) >= most:
                yield await ahead.popleft()
        while ahead:
            yield await ahead.popleft()
    finally:
        for each in ahead:
            each.cancel()
        await asyncio.gather(*ahead, return_exceptions=True)
