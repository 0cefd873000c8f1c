"""Frozen, typed values, and their JSON: each document is decoded once, and refused where it isn't of its type.

They are msgspec's, since a run defines some fifty classes before its first stage: a dataclass takes 0.5 ms to define, a
Struct 0.03 ms.
"""

import sys
from _thread import RLock  # threading takes a millisecond to import
from collections.abc import Callable
from math import isfinite
from typing import Any, NoReturn, TypeVar

# From Python 3.11 on, typing has all that msgspec takes from typing_extensions, whose import takes as long as its own.
_extensions = sys.modules.setdefault("typing_extensions", None)  # type: ignore[arg-type]  # None: can't be imported
try:
    import msgspec
    from msgspec import Struct, ValidationError, field
    from msgspec.structs import asdict as fields_of
    from msgspec.structs import force_setattr as set_field
    from msgspec.structs import replace
finally:
    if _extensions is None:
        del sys.modules["typing_extensions"]

# What ``json.dumps`` itself writes with. The module around it, with its patterns for reading, takes 1 ms to import.
try:
    from _json import encode_basestring_ascii, make_encoder
except ImportError:  # an interpreter that has none in C
    make_encoder = None  # type: ignore[assignment,misc]

__all__ = [
    "Struct",
    "ValidationError",
    "ascii_json",
    "decode",
    "encode",
    "field",
    "fields_of",
    "from_plain",
    "indented_json",
    "parsed",
    "plain",
    "replace",
    "set_field",
]

T = TypeVar("T")

_first_reading = RLock()
_known_kinds: set[Any] = set()


def decode(data: bytes, kind: type[T]) -> T:
    """A value of this type from JSON.

    Raises ``ValidationError`` with the path of the field that doesn't fit, and ``ValueError`` for what is no JSON:
    NaN and Infinity aren't, and neither is what is nested too deeply.
    """
    try:
        return _of_kind(msgspec.json.decode, data, kind)
    except ValidationError:
        raise
    except (msgspec.DecodeError, RecursionError):
        # A file name that isn't valid UTF-8 is written with lone surrogates, which only Python's own reader takes.
        return _decode_slowly(data, kind)


def _decode_slowly(data: bytes, kind: type[T]) -> T:
    return _of_kind(msgspec.convert, parsed(data.decode()), kind)


def _of_kind(read: Callable[..., T], data: object, kind: type[T]) -> T:
    """msgspec looks at the fields of a class when it first reads one. Where two threads do that at the same time, the
    process breaks off (SIGSEGV, with 0.22)."""
    if kind in _known_kinds:
        return read(data, type=kind)
    with _first_reading:
        value = read(data, type=kind)
    _known_kinds.add(kind)
    return value


def parsed(data: bytes | str) -> Any:
    """JSON as dictionaries and lists, from any encoding of Unicode. Raises ``ValueError`` for what is no JSON."""
    import json

    try:
        return json.loads(data, parse_constant=_refuse, parse_float=_finite)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _finite(number: str) -> float:
    value = float(number)
    return value if isfinite(value) else _refuse(number)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} isn't a value that JSON has")


def encode(value: Any) -> bytes:
    """JSON in one line. For values without NaN and infinities: those aren't written as what they are."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:  # a file name that isn't valid UTF-8
        import json

        return json.dumps(msgspec.to_builtins(value), separators=(",", ":"), allow_nan=False).encode("ascii")


def ascii_json(value: Any, sort_keys: bool = False) -> str:
    """What ``json.dumps`` writes without white space. Raises ``ValueError`` for NaN, infinities and what contains
    itself, and ``TypeError`` for what JSON hasn't."""
    if make_encoder is None:
        import json

        return json.dumps(value, sort_keys=sort_keys, separators=(",", ":"), allow_nan=False)
    write = make_encoder({}, _no_json, encode_basestring_ascii, None, ":", ",", sort_keys, False, False)
    return "".join(write(value, 0))


def indented_json(value: Any) -> str:
    """As ``ascii_json``, for people to read."""
    text = ascii_json(value)
    try:
        return msgspec.json.format(text, indent=2)
    except msgspec.DecodeError:  # lone surrogates, as in ``decode``
        import json

        return json.dumps(value, indent=2)


def _no_json(value: object) -> NoReturn:
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def plain(value: Any) -> Any:
    """The value as dictionaries, lists and strings, as its JSON has it."""
    return _with_lists(msgspec.to_builtins(value))


def _with_lists(value: Any) -> Any:
    """JSON knows no tuples."""
    if isinstance(value, dict):
        return {key: _with_lists(each) for key, each in value.items()}
    return [_with_lists(each) for each in value] if isinstance(value, list | tuple) else value


def from_plain(value: Any, kind: type[T]) -> T:
    """A value of this type from dictionaries and lists. Raises ``ValidationError``."""
    return _of_kind(msgspec.convert, value, kind)
