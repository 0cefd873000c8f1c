"""A remote function's parameters, so that wrong arguments are a ``TypeError`` before anything is sent."""

import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pipeline.values import Struct

if TYPE_CHECKING:
    from inspect import Signature  # slow to import, and calls with arguments by place alone need none

BY_PLACE = {"POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD"}


class DefaultValue(Struct, frozen=True):
    """A default that stands in the worker; only its text is known here."""

    text: str

    def __repr__(self) -> str:
        return self.text


class FunctionFacts(Struct, frozen=True):
    """What the worker tells of a function.

    Each parameter has ``name``, ``kind`` (as ``inspect.Parameter`` calls it), and ``default`` and ``annotation``, which
    are texts, or ``None`` where there is none.
    """

    name: str
    doc: str
    parameters: Sequence[Mapping[str, Any]] | None = None  # None: it doesn't tell
    returns: str = ""


class KnownFunction:
    """A function of a session, as far as it is the same for every call."""

    def __init__(self, facts: FunctionFacts) -> None:
        self.facts = facts
        self.places = places(facts)

    @cached_property
    def signature(self) -> "Signature | None":
        return signature(self.facts)


def signature(facts: FunctionFacts) -> "Signature | None":
    if facts.parameters is None:
        return None
    from inspect import Parameter, Signature

    def parameter(told: Mapping[str, Any]) -> Parameter:
        default = Parameter.empty if told["default"] is None else DefaultValue(told["default"])
        annotation = told["annotation"] or Parameter.empty
        return Parameter(told["name"], getattr(Parameter, told["kind"]), default=default, annotation=annotation)

    return Signature(list(map(parameter, facts.parameters)), return_annotation=facts.returns or Signature.empty)


def places(facts: FunctionFacts) -> range:
    """How many arguments by place, and none by name, fit in any case."""
    parameters = facts.parameters
    if parameters is None or any(each["kind"] == "KEYWORD_ONLY" and each["default"] is None for each in parameters):
        return range(0)
    by_place = [each for each in parameters if each["kind"] in BY_PLACE]
    least = sum(each["default"] is None for each in by_place)
    has_rest = any(each["kind"] == "VAR_POSITIONAL" for each in parameters)
    return range(least, sys.maxsize if has_rest else len(by_place) + 1)


def require_arguments(
    name: str, known: "Signature | None", positional: Sequence[Any], named: Mapping[str, Any]
) -> None:
    """Raises ``TypeError`` as a call in this process would."""
    if known is None:
        return
    try:
        known.bind(*positional, **named)
    except TypeError as error:
        raise TypeError(f"{name}{known}: {error}") from None
