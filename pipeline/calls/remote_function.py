"""A function in another environment, as a program has it in its hands."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from pipeline.calls.options import CallOptions, changed_options
from pipeline.calls.signatures import FunctionFacts, places, require_arguments, signature


class Performer(Protocol):
    """What carries calls out: a session."""

    def perform(
        self, facts: FunctionFacts, positional: Sequence[Any], named: Mapping[str, Any], options: CallOptions
    ) -> Any: ...

    def give_up(self) -> None: ...


class RemoteFunction:
    """A function in another environment, with its parameters and its documentation."""

    def __init__(self, session: Performer, facts: FunctionFacts, options: CallOptions) -> None:
        self._session = session
        self._facts = facts
        self._options = options
        self.__name__ = facts.name
        self.__doc__ = facts.doc
        self.__signature__ = signature(facts)
        self._places = places(self.__signature__)

    def __call__(self, *positional: Any, **named: Any) -> Any:
        """Its result. Raises ``TypeError`` for arguments that don't fit or can't be sent, ``RemoteError`` for what it
        raises, and ``CallError`` for all else that comes between.
        """
        if named or len(positional) not in self._places:  # the comparison takes longer than all else here
            require_arguments(self.__name__, self.__signature__, positional, named)
        return self._session.perform(self._facts, positional, named, self._options)

    def options(self, **changes: Any) -> "RemoteFunction":
        """The same function, called in another way: ``timeout``, ``grace``, ``interrupts``, ``is_idempotent``,
        ``progress``, as for ``open``.
        """
        return RemoteFunction(self._session, self._facts, changed_options(self._options, changes))

    async def asynchronous(self, *positional: Any, **named: Any) -> Any:
        """As a call, without blocking the event loop. A task that is cancelled cancels the call."""
        from pipeline.calls.asynchronous import awaited

        return await awaited(lambda: self(*positional, **named), self._session.give_up)

    def __repr__(self) -> str:
        return f"<remote function {self.__name__}{self.__signature__ or '(...)'}>"
