"""How a function is called."""

from collections.abc import Callable, Mapping
from typing import Any

from pipeline.errors import UsageError, did_you_mean
from pipeline.values import Struct, replace

Progress = Callable[[float | None, str], None]  # the fraction from 0 to 1 where it is known, and what is done


class CallOptions(Struct, frozen=True):
    """How a function is called."""

    timeout: float | None = None  # seconds
    grace: float = 1.0  # seconds that a call gets to end after each request
    interrupts: bool = False  # whether it may be interrupted by an exception between two of its steps
    is_idempotent: bool = False  # whether it is called once more where its worker was lost
    progress: Progress | None = None
    plain: bool = False  # the result as JSON alone


def changed_options(options: CallOptions, changes: Mapping[str, Any]) -> CallOptions:
    """Raises ``UsageError`` for an option that there isn't."""
    for name in changes:
        if name not in CallOptions.__struct_fields__:
            known = [each for each in CallOptions.__struct_fields__ if each != "plain"]
            raise UsageError(f"a call has no option '{name}'{did_you_mean(name, known)}")
    return replace(options, **changes)
