"""Several workers with the same file: each call goes to one that is free."""

import queue
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, Self

from pipeline.calls.remote_function import RemoteFunction
from pipeline.calls.session import CallSession
from pipeline.calls.ticket import CallTicket
from pipeline.errors import UsageError

AHEAD = 2  # calls for each worker that are made before their results are wanted


class SessionGroup:
    """The functions of a file, in several workers. What one of them keeps in memory, the others don't have."""

    def __init__(self, sessions: Sequence[CallSession]) -> None:
        if not sessions:
            raise UsageError("a group has one worker at least")
        self.sessions = tuple(sessions)
        self._free: queue.SimpleQueue[CallSession] = queue.SimpleQueue()
        for session in sessions:
            self._free.put(session)
        self._threads: ThreadPoolExecutor | None = None  # for calls that an event loop waits for

    @property
    def threads(self) -> ThreadPoolExecutor:
        """One for each worker, in which calls wait for an event loop."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(len(self.sessions), "pipeline-call")
        return self._threads

    def start(self, timeout: float | None = None) -> Self:
        """Begin all, beside each other. Raises what the first one raises that fails, after all have been closed."""
        with ThreadPoolExecutor(len(self.sessions)) as threads:
            begun = [threads.submit(session.start, timeout) for session in self.sessions]
        error = next((error for each in begun if (error := each.exception())), None)
        del begun  # an error has this frame by its traceback, and would have itself by what stands here
        if error is None:
            return self
        self.close()
        try:
            raise error
        finally:
            del error

    def close(self) -> None:
        """Let go of the workers."""
        if self._threads is not None:
            self._threads.shutdown(wait=False)
            self._threads = None
        for session in self.sessions:
            session.close()

    def call(self, name: str, /, *positional: Any, **named: Any) -> Any:
        """Call a function by its name in a worker that is free; wait for one where none is."""
        return self.carry_out(name, positional, named)

    def carry_out(
        self, name: str, positional: Sequence[Any], named: Mapping[str, Any], ticket: CallTicket | None = None
    ) -> Any:
        """As ``call``, with a ticket by which another thread can give the call up."""
        with self._one() as session:
            return session.function(name).call(positional, named, ticket)

    def map(self, function: str, *arguments: Iterable[Any]) -> Iterator[Any]:
        """The results in the order of the arguments, as the built-in ``map`` gives them. Several are made beside each
        other, a few before they are wanted.

        The first error is raised in its place; calls that are at work then are given up.
        """
        calls = zip(*arguments, strict=False)
        with ThreadPoolExecutor(len(self.sessions)) as threads:
            ahead: deque[tuple[Future[Any], CallTicket]] = deque()
            try:
                for call in calls:
                    ticket = CallTicket()
                    ahead.append((threads.submit(self.carry_out, function, call, {}, ticket), ticket))
                    if len(ahead) >= AHEAD * len(self.sessions):
                        yield ahead.popleft()[0].result()
                while ahead:
                    yield ahead.popleft()[0].result()
            except BaseException:
                _give_up(ahead)
                raise

    def map_asynchronous(self, function: str, *arguments: Iterable[Any]) -> AsyncIterator[Any]:
        """As ``map``, for ``async for``, without blocking the event loop."""
        from pipeline.calls.asynchronous import in_order

        asynchronous = GroupFunction(self, self.sessions[0].function(function)).asynchronous
        calls = (partial(asynchronous, *call) for call in zip(*arguments, strict=False))
        return in_order(calls, AHEAD * len(self.sessions))

    def __getattr__(self, name: str) -> "GroupFunction":
        if name.startswith("_"):
            raise AttributeError(f"no attribute '{name}'")
        return GroupFunction(self, self.sessions[0].function(name))

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *dir(self.sessions[0])})

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        import asyncio

        try:
            await asyncio.gather(*(session.__aenter__() for session in self.sessions))
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        from pipeline.calls.asynchronous import beside

        await beside(self.close)

    def __repr__(self) -> str:
        return f"<{len(self.sessions)} workers: {self.sessions[0]!r} …>"

    @contextmanager
    def _one(self) -> Iterator[CallSession]:
        session = self._free.get()
        try:
            yield session
        finally:
            self._free.put(session)


class GroupFunction:
    """A function of a group."""

    def __init__(self, group: SessionGroup, function: RemoteFunction) -> None:
        self._group = group
        self.__name__ = function.__name__
        self.__doc__ = function.__doc__
        self.__signature__ = function.__signature__

    def __call__(self, *positional: Any, **named: Any) -> Any:
        return self._group.call(self.__name__, *positional, **named)

    def map(self, *arguments: Iterable[Any]) -> Iterator[Any]:
        """As ``SessionGroup.map``."""
        return self._group.map(self.__name__, *arguments)

    async def asynchronous(self, *positional: Any, **named: Any) -> Any:
        """As a call, without blocking the event loop. A task that is cancelled cancels the call."""
        from pipeline.calls.asynchronous import awaited

        ticket = CallTicket()
        call = partial(self._group.carry_out, self.__name__, positional, named, ticket)
        return await awaited(self._group.threads, call, ticket.give_up)


def _give_up(ahead: Iterable[tuple[Future[Any], CallTicket]]) -> None:
    begun = [ticket for future, ticket in ahead if not future.cancel()]
    for ticket in begun:
        ticket.give_up()
