"""Waiting for descriptors, of which a program may have thousands: select(2) takes none beyond 1023."""

import math
import select
from collections.abc import Sequence

LONGEST_MS = 1_000_000_000  # what poll(2) takes is an int


def are_readable(descriptors: Sequence[int], seconds: float | None) -> bool:
    """Whether one of them becomes readable, or its other end closes, in time. ``None``: however long it takes."""
    if not hasattr(select, "poll"):
        return bool(select.select(descriptors, [], [], seconds)[0])
    waiting = select.poll()
    for each in descriptors:
        waiting.register(each, select.POLLIN)
    return bool(waiting.poll(None if seconds is None else min(LONGEST_MS, math.ceil(1000 * seconds))))
