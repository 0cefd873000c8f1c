"""Tracebacks of a stage without the frames before its own: those are the runner's, and tell its author nothing."""

import re
from pathlib import Path

BEGINNING = b"Traceback (most recent call last):\n"
FRAME = re.compile(rb'  File "(?P<file>[^"]*)", line (?P<line>\d+)')
SDK = bytes(Path(__file__).parents[1] / "sdk")


class TracebackTrimmer:
    """Gets what a process prints, in pieces, and gives it on, but for those frames."""

    def __init__(self) -> None:
        self._rest = b""  # of a line that has no end yet
        self._is_at_head = False  # of a traceback, where only frames of ours were seen
        self._drops = False  # what belongs to a frame of ours

    def feed(self, data: bytes) -> bytes:
        *lines, self._rest = (self._rest + data).split(b"\n")
        return b"".join(line for each in lines if (line := self._given(each + b"\n")))

    def finish(self) -> bytes:
        """What is left, a line without an end."""
        rest, self._rest = self._rest, b""
        return rest

    def _given(self, line: bytes) -> bytes:
        if line == BEGINNING:
            self._is_at_head = True
            self._drops = False
            return line
        if not self._is_at_head:
            return line
        if frame := FRAME.match(line):
            self._drops = frame["file"].startswith((SDK + b"/", b"<string>", b"<frozen "))
        elif not line.startswith(b"    "):
            self._drops = False
        if not self._drops:
            self._is_at_head = False
        return b"" if self._drops else line


def place_in(text: bytes, file: Path) -> int | None:
    """The line of a file that the last traceback in a text names last; ``None`` where none does."""
    found = [frame for frame in FRAME.finditer(text) if frame["file"] == bytes(file)]
    return int(found[-1]["line"]) if found else None
