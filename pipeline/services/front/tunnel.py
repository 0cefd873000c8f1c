"""Bytes passed on both ways, whatever they mean: HTTP/2 (gRPC), WebSockets, and protocols of other kinds."""

import asyncio
from contextlib import suppress

from pipeline.services.front.incoming import IncomingBytes


async def pass_on(
    incoming: IncomingBytes,
    outgoing: asyncio.StreamWriter,
    other_incoming: IncomingBytes,
    other_outgoing: asyncio.StreamWriter,
) -> None:
    """Until both sides have ended, or one is broken."""
    ways = [
        asyncio.ensure_future(_one_way(incoming, other_outgoing)),
        asyncio.ensure_future(_one_way(other_incoming, outgoing)),
    ]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


async def _one_way(incoming: IncomingBytes, outgoing: asyncio.StreamWriter) -> None:
    while data := await incoming.peek():
        outgoing.write(incoming.take(len(data)))
        await outgoing.drain()
    with suppress(OSError):
        outgoing.write_eof()
