"""Bytes passed on both ways, whatever they mean: HTTP/2 (gRPC), WebSockets, and protocols of other kinds."""

import asyncio
from contextlib import suppress

from pipeline.services.front.http2 import LEAVE, ServerFrames
from pipeline.services.front.incoming_bytes import IncomingBytes

FIRST = asyncio.FIRST_COMPLETED


async def pass_on(
    incoming: IncomingBytes,
    outgoing: asyncio.StreamWriter,
    other_incoming: IncomingBytes,
    other_outgoing: asyncio.StreamWriter,
    leaving: asyncio.Event | None = None,
) -> None:
    """Until both sides have ended, or one is broken.

    ``leaving``: of a connection that speaks HTTP/2. When it is set, the client is asked to go on with a new connection,
    and closes this one when all is answered that it has asked.
    """
    answers = _one_way(other_incoming, outgoing) if leaving is None else _frames(other_incoming, outgoing, leaving)
    ways = [asyncio.ensure_future(_one_way(incoming, other_outgoing)), asyncio.ensure_future(answers)]
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
    _end(outgoing)


async def _frames(incoming: IncomingBytes, outgoing: asyncio.StreamWriter, leaving: asyncio.Event) -> None:
    frames, is_asked = ServerFrames(), False
    leave = asyncio.ensure_future(leaving.wait())
    try:
        while True:
            if leaving.is_set() and not is_asked and frames.is_between:
                outgoing.write(LEAVE)
                is_asked = True
            coming = asyncio.ensure_future(incoming.peek())
            try:
                await asyncio.wait((coming, leave) if not leaving.is_set() else (coming,), return_when=FIRST)
                if not coming.done():
                    continue
                data = coming.result()
            finally:
                coming.cancel()
                await asyncio.gather(coming, return_exceptions=True)
            if not data:
                break
            outgoing.write(incoming.take(frames.feed(data, leaving.is_set() and not is_asked)))
            await outgoing.drain()
    finally:
        leave.cancel()
    _end(outgoing)


def _end(outgoing: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        outgoing.write_eof()
