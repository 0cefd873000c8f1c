"""How a stage's process tells why its stage has failed.

The runner loads it by its path, as ``stagerefusal``, when a stage has failed.

Standard library only, Python 3.8 and later.
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def report_raised(stage: "Any", error: Exception) -> None:
    """What was raised, so that whoever reads it can tell a damaged environment from a mistake in the stage."""
    name = getattr(error, "filename", None)
    file = os.fsdecode(name) if isinstance(name, (str, bytes)) else None
    loading = _file_being_loaded(error)
    stage.report(raised={"type": type(error).__name__, "message": str(error)[:4000], "file": file, "loading": loading})


def is_full_disk(error: Exception) -> bool:
    import errno

    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


def refuse(stage: "Any", error: Exception, code: int) -> int:
    """Say why, to the orchestrator and in the log. Returns the exit code."""
    instead = getattr(error, "instead", None)
    stage.report(error=str(error), **({"instead": instead} if instead else {}))
    try:
        print(error, file=sys.stderr, flush=True)
    except OSError:  # the log's disk is full, which may be the error
        _leave_the_log()
    return code


def _file_being_loaded(error: Exception) -> "str | None":
    """The innermost module that was being loaded; a cut-off one may raise anything."""
    file, trace = None, error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        file = code.co_filename if code.co_name == "<module>" else file
        trace = trace.tb_next
    return file


def _leave_the_log() -> None:
    """What is still buffered goes nowhere, so that the interpreter can end with its exit code."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
