"""A remote function's parameters, so that wrong arguments are a ``TypeError`` before anything is sent."""

import inspect
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.values import Struct


class DefaultValue(Struct, frozen=True):
    """A default that stands in the worker; only its text is known here."""

    text: str

    def __repr__(self) -> str:
        return self.text


class FunctionFacts(Struct, frozen=True):
    """What the worker tells of a function."""

    name: str
    doc: str
    parameters: Sequence[Mapping[str, Any]] | None = None  # None: it doesn't tell
    returns: str = ""


class KnownFunction:
    """A function of a session, as far as it is the same for every call."""

    def __init__(self, facts: FunctionFacts) -> None:
        self.facts = facts
        self.signature = signature(facts)
        self.places = places(self.signature)


def signature(facts: FunctionFacts) -> inspect.Signature | None:
    if facts.parameters is None:
        return None
    returns = facts.returns or inspect.Signature.empty
    return inspect.Signature([_parameter(each) for each in facts.parameters], return_annotation=returns)


def places(known: inspect.Signature | None) -> range:
    """How many arguments by place, and none by name, fit in any case."""
    parameters = known.parameters.values() if known else ()
    if not known or any(each.kind is each.KEYWORD_ONLY and each.default is each.empty for each in parameters):
        return range(0)
    by_place = [each for each in parameters if each.kind in {each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD}]
    least = sum(each.default is each.empty for each in by_place)
    has_rest = any(each.kind is each.VAR_POSITIONAL for each in parameters)
    return range(least, sys.maxsize if has_rest else len(by_place) + 1)


def _parameter(told: Mapping[str, Any]) -> inspect.Parameter:
    empty = inspect.Parameter.empty
    default = empty if told["default"] is None else DefaultValue(told["default"])
    kind = getattr(inspect.Parameter, told["kind"])
    return inspect.Parameter(told["name"], kind, default=default, annotation=told["annotation"] or empty)


def require_arguments(
    name: str, known: inspect.Signature | None, positional: Sequence[Any], named: Mapping[str, Any]
) -> None:
    """Raises ``TypeError`` as a call in this process would."""
    if known is None:
        return
    try:
        known.bind(*positional, **named)
    except TypeError as error:
        raise TypeError(f"{name}{known}: {error}") from None
