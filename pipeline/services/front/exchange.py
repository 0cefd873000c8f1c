"""One request of HTTP/1 and its answer, passed on between a client and a version of the service."""

import asyncio
from contextlib import suppress
from enum import Enum

from pipeline.services.front.backend_connection import BackendConnection
from pipeline.services.front.bodies import Body, EndlessBody
from pipeline.services.front.heads import RequestHead, ResponseHead, response_head
from pipeline.services.front.incoming_bytes import IncomingBytes

REST_SECONDS = 5.0  # for the rest of a request that was answered before its end


class ClientClosed(Exception):
    """Nobody reads the answer any more."""


class AnswerMissing(Exception):
    """The version ended, or closed the connection, before its answer was whole."""

    def __init__(self, has_begun: bool) -> None:
        super().__init__("the service closed the connection")
        self.has_begun = has_begun  # so that the client can't be told by another answer


class ExchangeEnd(Enum):
    """What becomes of the client's connection."""

    NEXT = "another request can follow"
    CLOSE = "it is closed"
    OTHER_PROTOCOL = "both sides speak another protocol from now on"


class Exchange:
    """``client`` and ``writer``: the client's side. ``raw`` is the head of its request as it came."""

    def __init__(
        self, raw: bytes, head: RequestHead, client: IncomingBytes, writer: asyncio.StreamWriter, to: BackendConnection
    ) -> None:
        self._raw = raw
        self._head = head
        self._client = client
        self._writer = writer
        self._to = to
        self._body = head.body()
        self._is_refused = False  # the service reads no more of the request

    async def run(self) -> ExchangeEnd:
        """Pass both on. Raises ``ClientClosed``, ``AnswerMissing``, ``BadBody`` and ``ConnectionError``."""
        sending = asyncio.ensure_future(self._send())
        answering = asyncio.ensure_future(self._answer())
        try:
            await asyncio.wait((sending, answering), return_when=asyncio.FIRST_COMPLETED)
            if sending.done() and not answering.done():
                sending.result()
                await self._wait_with_client(answering)
            end = answering.result()
            await self._read_rest(sending)
            return end if self._body.is_whole and not self._is_refused else ExchangeEnd.CLOSE
        finally:
            for task in (sending, answering):
                task.cancel()
            await asyncio.gather(sending, answering, return_exceptions=True)

    async def _send(self) -> None:
        """The request. Where the service stops reading, its answer says why."""
        with suppress(ConnectionError):
            self._to.writer.write(self._raw)
            await self._pass_on(self._client, self._body, self._to.writer)
            return
        self._is_refused = True

    async def _answer(self) -> ExchangeEnd:
        head = await self._answer_head()
        if head.changes_protocol(self._head):
            return ExchangeEnd.OTHER_PROTOCOL
        body = head.body(self._head)
        try:
            await self._pass_on(self._to.incoming, body, self._writer)
        except ClientClosed:
            raise AnswerMissing(True) from None
        is_last = head.is_last or self._head.is_last or isinstance(body, EndlessBody)
        return ExchangeEnd.CLOSE if is_last else ExchangeEnd.NEXT

    async def _answer_head(self) -> ResponseHead:
        has_begun = False
        while True:
            try:
                raw = await self._to.incoming.head()
            except ConnectionError:
                raw = b""
            head = response_head(raw)
            if head is None:
                raise AnswerMissing(has_begun)
            self._writer.write(raw)
            has_begun = True
            if not head.is_interim:
                return head

    async def _wait_with_client(self, answering: "asyncio.Future[ExchangeEnd]") -> None:
        """While the service works, a client that goes is noticed: the service sees its connection closed, too."""
        leaving = asyncio.ensure_future(self._client.peek())
        try:
            await asyncio.wait((answering, leaving), return_when=asyncio.FIRST_COMPLETED)
            if not answering.done() and not leaving.result():
                raise ClientClosed
            await asyncio.wait((answering,))
        finally:
            leaving.cancel()
            await asyncio.gather(leaving, return_exceptions=True)

    async def _read_rest(self, sending: "asyncio.Future[None]") -> None:
        """A client that is still sending would lose the answer if its connection were closed at once."""
        await asyncio.wait((sending,), timeout=REST_SECONDS)
        if sending.done() and sending.exception() is None and self._is_refused:
            with suppress(TimeoutError, ConnectionError):
                await asyncio.wait_for(self._drop_rest(), REST_SECONDS)

    async def _drop_rest(self) -> None:
        while not self._body.is_whole and (data := await self._client.peek()):
            self._client.take(self._body.feed(data))

    @staticmethod
    async def _pass_on(incoming: IncomingBytes, body: Body, outgoing: asyncio.StreamWriter) -> None:
        """A body. Raises ``ClientClosed`` where it ends too early."""
        while not body.is_whole:
            data = await incoming.peek()
            if not data:
                if isinstance(body, EndlessBody):
                    break
                raise ClientClosed
            outgoing.write(incoming.take(body.feed(data)))
            await outgoing.drain()
        await outgoing.drain()
