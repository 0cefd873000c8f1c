"""Work that takes only what runs, and a person at the page, leave of the processors."""

import contextlib
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

NICENESS = 10
Result = TypeVar("Result")


def give_way() -> None:
    """Lower the priority of this thread, and of the processes that it starts from now on, for as long as it lives.

    On Linux each thread has a priority of its own; elsewhere it would be that of the whole server, whose other pages
    somebody waits for.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # a system may forbid it
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def in_background(work: Callable[[], Result]) -> Result:
    """What ``work`` returns or raises, from a thread that gives way: the caller's own keeps its priority."""
    with ThreadPoolExecutor(1, "background", give_way) as executor:
        return executor.submit(work).result()
