"""Waiting for some time, unless somebody is in a hurry."""

import asyncio
from collections.abc import Coroutine
from typing import Any

Work = Coroutine[Any, Any, Any] | asyncio.Future[Any]


async def first_of(work: Work, at_once: asyncio.Event | None, seconds: float) -> bool:
    """Whether the work was done before so many seconds had passed, and before ``at_once``. Else it is cancelled."""
    working, wish = asyncio.ensure_future(work), asyncio.ensure_future((at_once or asyncio.Event()).wait())
    try:
        await asyncio.wait((working, wish), timeout=max(0.0, seconds), return_when=asyncio.FIRST_COMPLETED)
        return working.done()
    finally:
        working.cancel()
        wish.cancel()
        await asyncio.gather(working, wish, return_exceptions=True)
