"""What was proposed for a job's subtitles lately: ``proposals.json`` in its folder, replaced as a whole.

It lies where a page that follows the job is told of it. No run reads it, and it may be lost.
"""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.files import read_json, write_at_once
from pipeline.values import encode

NAME = "proposals.json"
KEPT = 20
_WRITING = threading.Lock()  # a page's threads may come to an end at the same time


def add(folder: Path, proposal: dict[str, Any]) -> None:
    """One more, with an ``id`` of its own. Raises ``OSError``."""
    with _WRITING:
        write_at_once(folder / NAME, encode([*read(folder), proposal][-KEPT:]))


def read(folder: Path) -> list[dict[str, Any]]:
    """The oldest first."""
    try:
        found = read_json(folder / NAME)
    except (OSError, ValueError):
        return []
    return found if isinstance(found, list) else []


class NewProposals:
    """Those that are kept, and then those that come: a page that was cut off hears what it has missed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: set[object] = set()
        self._seen: tuple[int, int, int] | None = None

    def take(self) -> Sequence[dict[str, Any]]:
        now = self._signature()
        if now == self._seen:
            return ()
        self._seen = now
        new = [each for each in read(self._folder) if each.get("id") not in self._known]
        self._known |= {each.get("id") for each in new}
        return new

    def _signature(self) -> tuple[int, int, int] | None:
        try:
            status = (self._folder / NAME).stat()
        except OSError:
            return None
        return status.st_ino, status.st_size, status.st_mtime_ns
