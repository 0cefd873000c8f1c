"""A function in another environment, as a program has it in its hands."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from pipeline.calls.options import CallOptions, changed_options
from pipeline.calls.signatures import KnownFunction, require_arguments
from pipeline.calls.ticket import CallTicket

if TYPE_CHECKING:
    from concurrent.futures import Executor


class Performer(Protocol):
    """What carries calls out: a session."""

    def perform(
        self,
        name: str,
        positional: Sequence[Any],
        named: Mapping[str, Any],
        options: CallOptions,
        ticket: CallTicket | None,
    ) -> Any: ...

    @property
    def threads(self) -> "Executor": ...


class RemoteFunction:
    """A function in another environment, with its parameters and its documentation."""

    def __init__(self, session: Performer, known: KnownFunction, options: CallOptions) -> None:
        self._session = session
        self._known = known
        self._options = options
        self.__name__ = known.facts.name
        self.__doc__ = known.facts.doc

    def __getattr__(self, name: str) -> Any:
        """``__signature__``, which ``inspect.signature`` and editors ask for, is made when it is."""
        if name == "__signature__":
            return self._known.signature
        raise AttributeError(f"a remote function has no {name!r}")

    def __call__(self, *positional: Any, **named: Any) -> Any:
        """Its result. Raises ``TypeError`` for arguments that don't fit or can't be sent, ``RemoteError`` for what it
        raises, and ``CallError`` for all else that comes between.
        """
        return self.call(positional, named)

    def call(self, positional: Sequence[Any], named: Mapping[str, Any], ticket: CallTicket | None = None) -> Any:
        """As ``__call__``, with a ticket by which another thread can give the call up."""
        if named or len(positional) not in self._known.places:  # the comparison takes longer than all else here
            require_arguments(self.__name__, self._known.signature, positional, named)
        return self._session.perform(self.__name__, positional, named, self._options, ticket)

    def options(self, **changes: Any) -> "RemoteFunction":
        """The same function, called in another way: ``timeout``, ``grace``, ``interrupts``, ``is_idempotent``,
        ``progress``, as for ``open``.
        """
        return RemoteFunction(self._session, self._known, changed_options(self._options, changes))

    async def asynchronous(self, *positional: Any, **named: Any) -> Any:
        """As a call, without blocking the event loop. A task that is cancelled cancels the call."""
        from pipeline.calls.asynchronous import awaited

        ticket = CallTicket()
        return await awaited(self._session.threads, lambda: self.call(positional, named, ticket), ticket.give_up)

    def __repr__(self) -> str:
        return f"<remote function {self.__name__}{self._known.signature or '(...)'}>"
