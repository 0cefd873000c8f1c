"""Several workers with the same file: each call goes to one that is free."""

import queue
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Self

from pipeline.calls.remote_function import RemoteFunction
from pipeline.calls.session import CallSession
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

    def start(self, timeout: float | None = None) -> Self:
        """Begin all, beside each other. Raises what the first one raises that fails, after all have been closed."""
        with ThreadPoolExecutor(len(self.sessions)) as threads:
            begun = [threads.submit(session.start, timeout) for session in self.sessions]
        errors = [error for each in begun if (error := each.exception())]
        if errors:
            self.close()
            raise errors[0]
        return self

    def close(self) -> None:
        """Let go of the workers."""
        for session in self.sessions:
            session.close()

    def call(self, name: str, /, *positional: Any, **named: Any) -> Any:
        """Call a function by its name in a worker that is free; wait for one where none is."""
        with self._one() as session:
            return session.call(name, *positional, **named)

    def map(self, function: str, *arguments: Iterable[Any]) -> Iterator[Any]:
        """The results in the order of the arguments, as the built-in ``map`` gives them. Several are made beside each
        other, a few before they are wanted.

        The first error is raised in its place; calls that are at work then are given up.
        """
        calls = zip(*arguments, strict=False)
        with ThreadPoolExecutor(len(self.sessions)) as threads:
            ahead: deque[Future[Any]] = deque()
            try:
                for call in calls:
                    ahead.append(threads.submit(self.call, function, *call))
                    if len(ahead) >= AHEAD * len(self.sessions):
                        yield ahead.popleft().result()
                while ahead:
                    yield ahead.popleft().result()
            except BaseException:
                self._give_up(ahead)
                raise

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

    def __repr__(self) -> str:
        return f"<{len(self.sessions)} workers: {self.sessions[0]!r} …>"

    @contextmanager
    def _one(self) -> Iterator[CallSession]:
        session = self._free.get()
        try:
            yield session
        finally:
            self._free.put(session)

    def _give_up(self, ahead: Iterable[Future[Any]]) -> None:
        for each in ahead:
            each.cancel()
        for session in self.sessions:
            session.give_up()


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
        """As a call, without blocking the event loop. A task that is cancelled leaves the call to its end."""
        import asyncio

        return await asyncio.to_thread(self, *positional, **named)
