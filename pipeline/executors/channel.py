"""The reading end of a report pipe: a stage's messages, and the lines of a server around it."""

import json
import os
from collections.abc import Iterator
from typing import Any

from pipeline.digests import canonical_json

REPORTS = {"note": str, "warning": str, "error": str, "wrong_environment": bool}  # and progress, about and raised


class Channel:
    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.at_end = False
        self._buffer = b""
        os.set_blocking(descriptor, False)

    def lines(self) -> list[bytes]:
        """What has arrived since the last call, by whole lines."""
        while chunk := self._read():
            self._buffer += chunk
        *lines, self._buffer = self._buffer.split(b"\n")
        return lines

    def reports(self) -> Iterator[dict[str, Any]]:
        return (fields for line in self.lines() if (fields := decode(line)))

    def close(self) -> None:
        os.close(self.descriptor)

    def _read(self) -> bytes:
        try:
            chunk = os.read(self.descriptor, 65536)
        except BlockingIOError:
            return b""
        self.at_end = not chunk
        return chunk


def decode(line: bytes) -> dict[str, Any] | None:
    """A report; ``None`` for what a stage wrote to the descriptor by mistake."""
    try:
        fields = json.loads(line)
    except ValueError:
        return None
    known = {name: value for name, value in fields.items() if _fits(name, value)} if isinstance(fields, dict) else None
    return known or None


def _fits(name: str, value: Any) -> bool:
    if name == "progress":
        return isinstance(value, int | float) and 0 <= value <= 1  # which NaN isn't
    if name == "raised":
        return isinstance(value, dict) and {"type", "message", "file"} <= value.keys()
    if name == "about":
        return isinstance(value, dict) and _is_json(value)
    return isinstance(value, REPORTS.get(name, ()))


def _is_json(value: Any) -> bool:
    """Python reads NaN where JSON has none, and then the journal couldn't take it."""
    try:
        return bool(canonical_json(value))
    except ValueError:
        return False
