"""An exception as text: its class by name, and the traceback with the worker's files and lines."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

LONGEST = 64 << 10  # characters of a message or a traceback


def described(error: BaseException, is_lean: bool = False) -> "dict[str, Any]":
    """``is_lean``: without the traceback, for a mistake of the caller."""
    return {
        "type": _qualified(type(error)),
        "classes": [_qualified(each) for each in type(error).__mro__ if each is not object],
        "message": _cut(_message(error)),
        "notes": [str(note) for note in getattr(error, "__notes__", ())],
        "traceback": "" if is_lean else _cut(_traceback(error)),
    }


def _qualified(kind: type) -> str:
    """As a traceback has it; a class of the caller's own file without a module's name."""
    if kind.__module__ in {"builtins", "stage"}:
        return kind.__qualname__
    return "%s.%s" % (kind.__module__, kind.__qualname__)


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as second:
        return "(its message can't be told: %s)" % type(second).__name__


def _traceback(error: BaseException) -> str:
    import traceback

    try:
        return "".join(traceback.format_exception(type(error), error, _of_the_function(error.__traceback__)))
    except Exception as second:
        return "(its traceback can't be told: %s)" % type(second).__name__


def _of_the_function(tail: "TracebackType | None") -> "TracebackType | None":
    """Without our own lines at the beginning."""
    whole = tail
    while tail is not None and "callserver" in tail.tb_frame.f_globals.get("__name__", ""):
        tail = tail.tb_next
    return tail or whole


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST // 2] + "\n[…]\n" + text[-LONGEST // 2 :]
