"""Calls from an event loop: each waits in a thread of its own."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


async def awaited(call: Callable[[], Result], give_up: Callable[[], None]) -> Result:
    """A task that is cancelled meanwhile gives the call up, and ends when that has ended."""
    task = asyncio.ensure_future(asyncio.to_thread(call))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.to_thread(give_up)
        with contextlib.suppress(Exception):
            await task
        raise
