"""What sets one stage apart from the others: its secrets are masked in its log, and it is kept from what it may not do.

The runner loads it by its path, as ``stageisolation``, for the stages that need it and for no other.

Standard library only, Python 3.8 and later.
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    Load = Callable[[str, str], Any]


def isolate(order: "Any", reports: int, load: "Load") -> bool:
    """Whether all that the order says could be done. If not, the stage must not run.

    ``load`` gives a module that lies beside this one.
    """
    if order.secrets:
        _mask([value for _, value in order.secrets], order.log, load)
    if order.protected and not order.writable:  # else all files are
        _protect(order.protected, load)
    return (order.network and not order.writable) or _confine(order.network, order.writable, reports, load)


def _mask(secrets: "list[str]", log: str, load: "Load") -> None:
    import atexit

    masking = load("stagemasking", "masking.py")
    atexit.register(masking.finish, masking.start(secrets, log))  # the first, and so the last to be called


def _protect(file: str, load: "Load") -> None:
    """Where the system forbids it after all, the stage runs: the file is compared with what it was when it ends."""
    try:
        load("stageconfinement", "confinement.py").protect(file)
    except OSError as error:
        print("writes to", file, "can't be kept off:", error, file=sys.stderr, flush=True)


def _confine(network: bool, writable: "str | None", reports: int, load: "Load") -> bool:
    try:
        load("stageconfinement", "confinement.py").confine(network, writable)
    except OSError as error:
        import json

        text = "it can't be confined on this machine: %s; prepare the job again, which says what is possible" % error
        os.write(reports, json.dumps({"error": text}).encode("ascii") + b"\n")
        print(text, file=sys.stderr, flush=True)
        return False
    return True
