"""What ends a stage's process with the orchestrator where the kernel doesn't: anywhere but on Linux.

The runner loads it by its path, as ``stagetie``.

Standard library only, Python 3.8 and later.
"""

import os


def die_at_end_of(pipe: int) -> None:
    """Kill this whole process group when the other end of the pipe closes."""
    import threading

    threading.Thread(target=_wait_and_die, args=(pipe,), daemon=True).start()


def _wait_and_die(pipe: int) -> None:
    os.read(pipe, 1)
    if hasattr(os, "killpg"):
        os.killpg(os.getpgrp(), 9)
    os._exit(1)
