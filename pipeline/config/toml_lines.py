"""In which line of a TOML text a table or key stands, which ``tomllib`` doesn't say.

Read line by line: what looks like a key inside a string of several lines is taken for one. These lines only
help a person to find the place.
"""

import tomllib
from collections.abc import Iterator
from typing import Any

from pipeline.config.source import Keys


def lines_of(text: str, first: int, below: Keys = ()) -> dict[Keys, int]:
    """Lines by path of keys under the table ``below``; ``first`` is the number of the text's first line."""
    lines: dict[Keys, int] = {}
    for keys, number in _places(text, first):
        if keys[: len(below)] == below:
            lines.setdefault(keys[len(below) :], number)
    return lines


def _places(text: str, first: int) -> Iterator[tuple[Keys, int]]:
    table: Keys = ()
    for number, line in enumerate(text.splitlines(), first):
        if line.lstrip().startswith("["):
            table = _path(line) or table
            yield table, number
        elif "=" in line and (keys := _path(f"{line.partition('=')[0]} = 0")):
            yield (*table, *keys), number


def _path(line: str) -> Keys:
    """The keys that one line of TOML goes down; none where it isn't one by itself."""
    try:
        value: Any = tomllib.loads(line)
    except ValueError:
        return ()
    keys: list[str | int] = []
    while isinstance(value, dict) and value:
        ((key, value),) = value.items()
        keys.append(key)
    return tuple(keys)
