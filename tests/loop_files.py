"""For the short loop: files in which the last loop had nothing to run aren't collected again, until they change.

A quarter of all tests is in such files. Where a ``conftest.py`` has changed, which may decide that, all are collected.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

MARKS = ("spawning", "long")
KEY = "loop/files-without-tests"  # in pytest's cache

State = list[int]  # a file's time and size


class LoopFiles:
    def __init__(self, config: pytest.Config) -> None:
        self._cache = config.cache
        self._found: set[Path] = set()  # files with a test that is left out by its marks
        self._useful: set[Path] = set()  # files with any other test
        self._empty: dict[str, State] = {}  # files without a test for the loop, as they were then
        self._shared = [_state(path) for path in sorted((config.rootpath / "tests").rglob("conftest.py"))]
        known: Any = self._cache.get(KEY, {}) if self._cache else {}
        if known.get("shared") == self._shared:
            self._empty = known["empty"]

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        known = self._empty.get(str(collection_path))
        return True if known and known == _state(collection_path) else None

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        for item in items:
            is_left_out = any(item.get_closest_marker(mark) for mark in MARKS)
            (self._found if is_left_out else self._useful).add(item.path)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        left_out = self._found - self._useful - {item.path for item in session.items}
        self._empty |= {str(path): _state(path) for path in left_out}
        if self._cache and not session.testsfailed:
            self._cache.set(KEY, {"shared": self._shared, "empty": self._empty})


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(LoopFiles(config))


def _state(path: Path) -> State:
    try:
        status = os.stat(path)
    except OSError:
        return [0, 0]
    return [status.st_mtime_ns, status.st_size]
