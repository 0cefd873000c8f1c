"""How many things a file holds, told by its kind: entries, cues or lines; or how many files a directory."""

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import isinf
from pathlib import Path
from typing import Any

# An hour is optional in WebVTT only; bytes, since subtitles from elsewhere can be in any encoding.
SRT_TIMES = re.compile(rb"(?m)^[ \t]*\d+:\d\d:\d\d[,.]\d{1,3}[ \t]*-->[ \t]*\d")
VTT_TIMES = re.compile(rb"(?m)^(\d+:)?\d\d:\d\d\.\d{3}[ \t]+-->[ \t]+\d")
CHUNK = 1 << 20  # bytes


class Uncountable(Exception):
    """The reason, in words that go on after the file's name."""


@dataclass(frozen=True)
class FileCount:
    number: int
    unit: str


def count(file: Path, key: str | None = None) -> FileCount:
    """Of a directory, its files; ``key`` names the list in a JSON file. Raises ``Uncountable`` and ``OSError``."""
    if file.is_dir():
        if key is not None:
            raise Uncountable(f"it is a folder, which has no list '{key}'")
        return FileCount(len(files_below(file)), "files")
    if key is not None or file.suffix.lower() == ".json":
        return _of_json(file, key)
    return COUNTERS.get(file.suffix.lower(), _lines)(file)


def number(file: Path, key: str) -> float:
    """What stands in a JSON file at a key, with dots between keys. Raises ``Uncountable`` and ``OSError``."""
    value = _at(read_json(file), key)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Uncountable(f"it has no number '{key}'")
    try:
        infinite = isinf(value)
    except OverflowError:  # a whole number of hundreds of digits
        infinite = True
    if infinite:
        raise Uncountable(f"its '{key}' is a number that is too large")
    return value


def read_json(file: Path) -> Any:
    """Raises ``Uncountable`` where it isn't JSON."""
    try:
        return json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:
        raise Uncountable(f"it isn't JSON: {_words(error)}") from error


def _at(value: Any, key: str | None) -> Any:
    for part in key.split(".") if key else ():
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _of_json(file: Path, key: str | None) -> FileCount:
    value = _at(read_json(file), key)
    if not isinstance(value, list):
        raise Uncountable(f"it has no list '{key}'" if key else "it isn't a list, so a key must be named")
    return FileCount(len(value), (key or "entries").rpartition(".")[2])


def json_lines(file: Path) -> Iterator[tuple[int, Any]]:
    """What stands in each line, with its number; empty lines are left out. Raises ``Uncountable`` and ``OSError``."""
    with open(file, "rb") as lines:
        for line_number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                yield line_number, json.loads(line)
            except (ValueError, RecursionError) as error:
                raise Uncountable(f"its line {line_number} isn't JSON: {_words(error)}") from error


def files_below(directory: Path) -> list[Path]:
    """All files in a directory, at every depth, in the order of their names; links aren't followed."""
    found = [Path(at, name) for at, _, names in os.walk(directory) for name in names]
    return sorted(each for each in found if not each.is_symlink())


def _json_lines(file: Path) -> FileCount:
    return FileCount(sum(1 for _ in json_lines(file)), "entries")


def _srt_cues(file: Path) -> FileCount:
    return FileCount(len(SRT_TIMES.findall(file.read_bytes())), "cues")


def _vtt_cues(file: Path) -> FileCount:
    return FileCount(len(VTT_TIMES.findall(file.read_bytes())), "cues")


def _lines(file: Path) -> FileCount:
    """All of them, also empty ones: line 7 of a translation belongs to line 7 of its source."""
    number, last = 0, b"\n"
    with open(file, "rb") as opened:
        while chunk := opened.read(CHUNK):
            if b"\0" in chunk:
                raise Uncountable("it isn't text, so its lines can't be counted")
            number += chunk.count(b"\n")
            last = chunk[-1:]
    return FileCount(number + (last != b"\n"), "lines")


def _words(error: Exception) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


COUNTERS: Mapping[str, Callable[[Path], FileCount]] = {
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".srt": _srt_cues,
    ".vtt": _vtt_cues,
}
