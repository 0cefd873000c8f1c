"""The call that a function's parameter ``call`` stands for."""

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Optional


class Cancelled(BaseException):
    """The caller wants no answer any more. Not an ``Exception``, so that a loop that goes on after errors ends."""


class CurrentCall:
    """What a function may ask and tell while it works."""

    def __init__(
        self, tell: "Callable[[dict[str, Any]], None]", is_cancelled: "Callable[[], bool]", seconds: "Optional[float]"
    ) -> None:
        self._tell = tell
        self._is_cancelled = is_cancelled
        self._end = None if seconds is None else time.monotonic() + seconds

    @property
    def is_cancelled(self) -> bool:
        """Whether the caller has asked for an end."""
        return self._is_cancelled()

    @property
    def seconds_left(self) -> "Optional[float]":
        """Until the caller's deadline; ``None`` where it has none."""
        return None if self._end is None else self._end - time.monotonic()

    def progress(self, fraction: "Optional[float]" = None, note: str = "") -> None:
        """Tell the caller how far it is, from 0 to 1, or what it does. Raises ``Cancelled`` where that asks for an end.

        So a loop that tells its progress can be cancelled without another line.
        """
        if self.is_cancelled:
            raise Cancelled
        self._tell({"progress": {"fraction": None if fraction is None else float(fraction), "note": str(note)}})
