"""Standard input, output and error: usable, whatever this process was started with."""

import io
import os
import stat
import sys
from typing import IO

_MODES = {"stdin": "r", "stdout": "w", "stderr": "w"}


class _Unread(io.FileIO):
    """A pipe whose reader may leave early, as ``head`` does: what is written then goes nowhere, and the command does
    what it would have done, with the same exit code."""

    def write(self, data: "bytes | memoryview") -> int:  # type: ignore[override]  # io's own type is wider
        try:
            return super().write(data)
        except BrokenPipeError:
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, self.fileno())
            os.close(nothing)
            return len(memoryview(data).cast("B"))


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
        elif mode == "w" and stream is getattr(sys, f"__{name}__") and _is_pipe(number):
            setattr(sys, name, _patient(number, stream))
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


def _is_pipe(number: int) -> bool:
    mode = os.fstat(number).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _patient(number: int, stream: io.TextIOWrapper) -> IO[str]:
    """The same stream, for a reader that may leave."""
    stream.flush()
    raw = io.BufferedWriter(_Unread(number, "w", closefd=False))  # type: ignore[type-var]  # for ``write`` above
    return io.TextIOWrapper(raw, stream.encoding, "backslashreplace", line_buffering=stream.line_buffering)


def _stream(number: int, mode: str) -> IO[str]:
    return open(number, mode, encoding="utf-8", errors="backslashreplace", closefd=False)
