"""One connection of a client: request by request to the version that serves, or all of it where it isn't HTTP/1."""

import asyncio
from contextlib import closing

from pipeline.services.front import tunnel
from pipeline.services.front.backend_connection import BackendConnection
from pipeline.services.front.backends import Backends, NobodyServes
from pipeline.services.front.bodies import BadBody
from pipeline.services.front.exchange import AnswerMissing, ClientClosed, Exchange, ExchangeEnd
from pipeline.services.front.heads import RequestHead, may_be_request, request_head
from pipeline.services.front.http2 import PREFACE
from pipeline.services.front.incoming_bytes import HeadTooLong, IncomingBytes

QUIET_SECONDS = 0.3  # after which the service may be the one that speaks first


class ClientConnection:
    """Serves until the client closes it, or ``close`` is called."""

    def __init__(
        self, port: str, backends: Backends, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._port = port
        self._backends = backends
        self._incoming = IncomingBytes(reader)
        self._writer = writer
        self._is_closing = False
        self.is_busy = False  # a request has begun and isn't answered, or another protocol is spoken

    def close(self) -> None:
        """Close it: at once where nothing goes on, else after the answer."""
        self._is_closing = True
        if not self.is_busy:
            self._writer.close()

    async def run(self) -> None:
        """Serve it to its end. Nothing that a client or the service does raises an error."""
        try:
            if await self._speaks_first():
                return
            while not self._is_closing and await self._one_request():
                pass
        except HeadTooLong:
            self._refuse(431, "Request Header Fields Too Large", "the head of the request is too long")
        except (BadBody, ValueError) as error:
            self._refuse(400, "Bad Request", str(error))
        except NobodyServes as error:
            self._refuse(503, "Service Unavailable", str(error))
        except AnswerMissing as error:
            if not error.has_begun:
                self._refuse(502, "Bad Gateway", str(error))
        except (ClientClosed, ConnectionError):
            pass
        finally:
            self._writer.close()

    async def _one_request(self) -> bool:
        """Whether another one can follow."""
        data = await self._incoming.peek()
        if not data:
            return False
        self.is_busy = True
        raw = await self._incoming.head() if may_be_request(data) else b""
        head = request_head(raw)
        if head is None:
            await self._tunnel(raw or data, raw)
            return False
        end = await self._exchange(raw, head)
        self.is_busy = False
        return end is ExchangeEnd.NEXT

    async def _exchange(self, raw: bytes, head: RequestHead) -> ExchangeEnd:
        backend, connection = await self._backends.connect(self._port)
        with closing(connection):
            with backend.busy():
                end = await Exchange(raw, head, self._incoming, self._writer, connection).run()
            if end is ExchangeEnd.OTHER_PROTOCOL:
                await self._pass_on(connection)
        return end

    async def _tunnel(self, beginning: bytes, taken: bytes) -> None:
        """``beginning``: what the client has said; of that, ``taken`` isn't passed on yet."""
        backend, connection = await self._backends.connect(self._port)
        with closing(connection):
            connection.writer.write(taken)
            if not PREFACE.startswith(beginning[: len(PREFACE)]):
                await self._pass_on(connection)
                return
            with backend.busy():
                await self._pass_on(connection, backend.leaving)

    async def _pass_on(self, connection: BackendConnection, leaving: asyncio.Event | None = None) -> None:
        await tunnel.pass_on(self._incoming, self._writer, connection.incoming, connection.writer, leaving)

    async def _speaks_first(self) -> bool:
        """Whether the service is the one that speaks first, as in some protocols; then they have spoken to the end."""
        hearing = asyncio.ensure_future(self._incoming.peek())
        try:
            await asyncio.wait((hearing,), timeout=QUIET_SECONDS)
            if hearing.done():
                return False
            _, connection = await self._backends.connect(self._port)
            with closing(connection):
                speaking = asyncio.ensure_future(connection.incoming.peek())
                await asyncio.wait((hearing, speaking), return_when=asyncio.FIRST_COMPLETED)
                if hearing.done() or speaking.exception() or not speaking.result():
                    speaking.cancel()
                    return False
                await _stopped(hearing)
                self.is_busy = True
                await self._pass_on(connection)
                return True
        finally:
            await _stopped(hearing)

    def _refuse(self, status: int, reason: str, message: str) -> None:
        body = f"{message}\n".encode()
        again = "Retry-After: 1\r\n" if status == 503 else ""
        head = f"HTTP/1.1 {status} {reason}\r\nContent-Type: text/plain; charset=utf-8\r\n{again}"
        self._writer.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)


async def _stopped(task: "asyncio.Future[bytes]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
