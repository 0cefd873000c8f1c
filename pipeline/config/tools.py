"""The programs that an environment needs: each by name, alone or with how it is installed and asked for its version."""

from collections.abc import Iterable
from typing import Any

from pipeline.values import Struct


class ToolEntry(Struct, frozen=True):
    name: str
    command: str = ""  # that installs it
    version: tuple[str, ...] = ()  # what it is called with to give its version


def entries(value: Iterable[Any]) -> tuple[ToolEntry, ...]:
    """Of ``tools`` in a definition: NAME, {NAME: COMMAND} or {NAME: {install: COMMAND, version: [ARGUMENT]}}."""
    return tuple(map(_entry, value))


def _entry(value: Any) -> ToolEntry:
    if isinstance(value, str):
        return ToolEntry(value)
    ((name, more),) = value.items()
    if isinstance(more, str):
        return ToolEntry(name, more)
    return ToolEntry(name, more.get("install", ""), tuple(more.get("version", ())))
