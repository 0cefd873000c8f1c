"""What a service in the foreground tells: a line of JSON for each event, and for each line that its program prints."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

Write = Callable[[str], None]


class ServiceRecord:
    """Writes lines. From several threads, too."""

    def __init__(self, service: str, write: Write, is_json: bool = True) -> None:
        """``service``: its name, which each line has. ``write`` gets whole lines."""
        self._service = service
        self._is_json = is_json
        self._write = write
        self._lock = threading.Lock()

    def event(self, event: str, version: int = 0, **facts: Any) -> None:
        """Something has happened to a version (from 1), or to all."""
        said = {name: value for name, value in facts.items() if value not in (None, "")}
        shown = ", ".join(f"{name} {_plain(value)}" for name, value in said.items())
        self._line(version, {"event": event, **said}, f"{event}{': ' if shown else ''}{shown}")

    def line(self, version: int, text: str) -> None:
        """A line that the program of a version has printed."""
        self._line(version, {"line": text}, f"| {text}")

    def _line(self, version: int, content: dict[str, Any], text: str) -> None:
        now = datetime.now(UTC)
        if not self._is_json:
            shown = f"{now.astimezone():%H:%M:%S} {self._service}{f' {version}' if version else ''} {text}"
        else:
            which = {"version": version} if version else {}
            head = {"time": now.isoformat(timespec="milliseconds"), "service": self._service, **which}
            shown = json.dumps(head | content, ensure_ascii=False)
        with self._lock:
            self._write(f"{shown}\n")


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(f"{name} {each}" for name, each in value.items())
    return str(value)
