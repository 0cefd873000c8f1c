"""Standard input, output and error: usable, whatever this process was started with."""

import os
import sys
from typing import IO

_MODES = {"stdin": "r", "stdout": "w", "stderr": "w"}


def make_usable() -> None:
    """Call this before any file is opened.

    A stream may be closed (``2>&-``): then the next file that is opened would get its number, and what is meant for the
    stream would go into that file. What is written to such a stream goes nowhere instead. And no name of a file is
    ever an error because a stream's encoding doesn't have one of its characters.
    """
    for number, (name, mode) in enumerate(_MODES.items()):
        _open(number)
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, _stream(number, mode))
        elif mode == "w" and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _open(number: int) -> None:
    try:
        os.fstat(number)
    except OSError:
        opened = os.open(os.devnull, os.O_RDWR)
        if opened != number:
            os.dup2(opened, number)
            os.close(opened)
        os.set_inheritable(number, True)


def _stream(number: int, mode: str) -> IO[str]:
    return open(number, mode, encoding="utf-8", errors="backslashreplace", closefd=False)
