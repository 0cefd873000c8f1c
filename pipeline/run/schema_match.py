"""Whether JSON fits its schema: a file, each line of a file of JSON lines, or each of these in a directory."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from pipeline.config.ensure import SchemaUnusable, load_schema
from pipeline.run import file_counts
from pipeline.run.file_counts import Uncountable
from pipeline.text import printable

COMPARED = 20  # errors of a schema among which the most telling one is chosen; a wrong list can have millions
SHOWN = 200  # characters of it
LINES = {".jsonl", ".ndjson"}


def mismatch(file: Path, schema_file: Path) -> str | None:
    """What doesn't fit first, in words that go on after the output's name; ``None`` where all fits.

    Raises ``Uncountable`` where something isn't JSON, and ``OSError``.
    """
    try:
        fits = _Schema(schema_file)
    except SchemaUnusable as reason:
        return f"can't be checked: {schema_file.name}: {reason}"
    return next(filter(None, (fits.mismatch(value, place) for place, value in _documents(file))), None)


class _Schema:
    """Raises ``SchemaUnusable``."""

    def __init__(self, file: Path) -> None:
        from jsonschema.validators import Draft202012Validator, validator_for
        from referencing import Registry

        self._name = file.name
        schema = load_schema(file)
        # A registry of its own, so that no reference is looked for on the network.
        self._validator = validator_for(schema, Draft202012Validator)(schema, registry=Registry())

    def mismatch(self, value: Any, place: str) -> str | None:
        from jsonschema.exceptions import best_match
        from referencing.exceptions import Unresolvable

        try:
            error = best_match(islice(self._validator.iter_errors(value), COMPARED))
        except Unresolvable as missing:
            return f"can't be checked: {self._name} refers to {missing.ref}, which isn't in it"
        except (OverflowError, ValueError):  # a rule calculates with NaN, an infinity or hundreds of digits
            return f"can't be checked with {self._name}: {place}it has a number that can't be calculated with"
        except RecursionError:
            return f"doesn't fit {self._name}: {place}it is nested too deeply"
        if error is None:
            return None
        where = ".".join(str(key) for key in error.absolute_path) or "as a whole"
        return f"doesn't fit {self._name}: {place}{where}: {_shortened(error.message)}"


def _documents(file: Path) -> Iterator[tuple[str, Any]]:
    """Each with its place, as the beginning of a sentence. Raises ``Uncountable`` where there is none to check."""
    if not file.is_dir():
        yield from _in_file(file, "")
        return
    below = [each for each in file_counts.files_below(file) if each.suffix.lower() in {".json", *LINES}]
    if not below:
        raise Uncountable("it has no .json or .jsonl file, so there is nothing to compare with its schema")
    for each in below:
        yield from _in_file(each, f"{printable(each.relative_to(file).as_posix())}: ")


def _in_file(file: Path, place: str) -> Iterator[tuple[str, Any]]:
    try:
        if file.suffix.lower() not in LINES:
            yield place, file_counts.read_json(file)
            return
        for number, value in file_counts.json_lines(file):
            yield f"{place}line {number}: ", value
    except Uncountable as error:
        raise Uncountable(f"{place}{error}") from error


def _shortened(text: str) -> str:
    shown = printable(text)
    return shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}…"
