"""The limits that an interpreter has for all of its code."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


class InterpreterLimits:
    """The interpreter's own limits, as they are now."""

    def __init__(self) -> None:
        names = ("recursionlimit", "switchinterval", "int_max_str_digits")  # Python before 3.11 lacks the last
        known = [name for name in names if hasattr(sys, "set" + name) or hasattr(sys, "set_" + name)]
        self._values = [(_function("set", name), _function("get", name)()) for name in known]

    def restore(self) -> None:
        for change, value in self._values:
            change(value)


def _function(word: str, name: str) -> "Callable[..., Any]":
    return getattr(sys, word + name, None) or getattr(sys, word + "_" + name)  # type: ignore[no-any-return]
