"""Whether a stage that says it is done has left what it promises. Each broken promise is told in words.

A file that can't be read, or isn't of the form that its name says, breaks the promise; nothing here raises for it.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from pipeline.config.ensure import Count, Duration, Ensure, SchemaUnusable, load_schema
from pipeline.errors import PipelineError
from pipeline.run import file_counts
from pipeline.run.file_counts import Uncountable
from pipeline.text import printable

Measure = Callable[[Path], "float | None"]  # a media file's seconds; None where it doesn't say

TEXT = {".txt", ".md", ".csv", ".tsv", ".html", ".xml", ".yaml", ".yml", ".log"}
COMPARED = 20  # errors of a schema among which the most telling one is chosen; a wrong list can have millions
SHOWN = 200  # characters of it


@dataclass(frozen=True)
class _Checked:
    """An output, and what it is compared with."""

    name: str
    file: Path
    inputs: Mapping[str, Sequence[Path]]
    root: Path
    measure: Measure

    def __str__(self) -> str:
        return f"output '{self.name}' ({printable(self.file.name)})"


def unmet(
    ensured: Mapping[str, Ensure],
    outputs: Mapping[str, Path],
    inputs: Mapping[str, Sequence[Path]],
    root: Path,
    measure: Measure,
) -> list[str]:
    """The conditions that don't hold, for outputs that are there. An input of several files is their sum."""
    broken: list[str] = []
    for name, ensure in ensured.items():
        if name in outputs:
            broken += _unmet(ensure, _Checked(name, outputs[name], inputs, root, measure))
    return broken


def _unmet(ensure: Ensure, checked: _Checked) -> Iterator[str]:
    conditions: list[Callable[[], str | None]] = []
    if ensure.non_empty:
        conditions.append(lambda: _emptiness(checked))
    if ensure.schema is not None:
        schema = checked.root / ensure.schema
        conditions.append(lambda: _mismatch(checked, schema))
    for key, lowest in ensure.at_least.items():
        conditions.append(partial(_too_low, checked, key, lowest))
    if count := ensure.count:
        conditions.append(lambda: _other_count(checked, count))
    if duration := ensure.duration:
        conditions.append(lambda: _other_duration(checked, duration))
    for condition in conditions:
        if reason := _reason(condition, checked):
            yield reason


def _reason(condition: Callable[[], str | None], checked: _Checked) -> str | None:
    try:
        return condition()
    except Uncountable as error:
        return f"{checked}: {error}"
    except OSError as error:
        where = f"{printable(os.fsdecode(error.filename))}: " if error.filename else ""
        return f"{checked} can't be checked: {where}{error.strerror}"


def _emptiness(checked: _Checked) -> str | None:
    file, kind = checked.file, checked.file.suffix.lower()
    if file.stat().st_size == 0:
        return f"{checked} is empty"
    if kind == ".json":
        value = file_counts.read_json(file)
        return f"{checked} holds nothing but {_shown(value)}" if value in ([], {}, "", None) else None
    if kind in file_counts.COUNTERS:
        counted = file_counts.count(file)
        return None if counted.number else f"{checked} is empty: it has 0 {counted.unit}"
    if kind in TEXT:
        with open(file, encoding="utf-8-sig", errors="replace") as lines:
            return None if any(line.strip() for line in lines) else f"{checked} holds nothing but white space"
    return None


def _mismatch(checked: _Checked, schema_file: Path) -> str | None:
    from jsonschema.exceptions import best_match
    from jsonschema.validators import Draft202012Validator, validator_for
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    value = file_counts.read_json(checked.file)
    try:
        schema = load_schema(schema_file)
        # A registry of its own, so that no reference is looked for on the network.
        validator = validator_for(schema, Draft202012Validator)(schema, registry=Registry())
        error = best_match(islice(validator.iter_errors(value), COMPARED))
    except SchemaUnusable as reason:
        return f"{checked} can't be checked: {schema_file.name}: {reason}"
    except Unresolvable as missing:
        return f"{checked} can't be checked: {schema_file.name} refers to {missing.ref}, which isn't in it"
    except RecursionError:
        return f"{checked} doesn't fit {schema_file.name}: it is nested too deeply"
    if error is None:
        return None
    where = ".".join(str(key) for key in error.absolute_path) or "as a whole"
    return f"{checked} doesn't fit {schema_file.name}: {where}: {_shortened(error.message)}"


def _too_low(checked: _Checked, key: str, lowest: float) -> str | None:
    number = file_counts.number(checked.file, key)
    return None if number >= lowest else f"{checked}: {key} is {number:g}, but must be at least {lowest:g}"


def _other_count(checked: _Checked, condition: Count) -> str | None:
    own = file_counts.count(checked.file, condition.output_key)
    try:
        others = [file_counts.count(file, condition.input_key) for file in checked.inputs.get(condition.like, ())]
    except Uncountable as error:
        raise Uncountable(f"can't be compared with input '{condition.like}': {error}") from error
    wanted = sum(each.number for each in others)
    if own.number == wanted:
        return None
    unit = next((f" {each.unit}" for each in others if each.unit != own.unit), "")
    return f"{checked}: {own.number} {own.unit}, but input '{condition.like}' has {wanted}{unit}"


def _other_duration(checked: _Checked, condition: Duration) -> str | None:
    own = _seconds(checked.file, checked.measure)
    wanted = sum(_seconds(file, checked.measure) for file in checked.inputs.get(condition.like, ()))
    if abs(own - wanted) <= condition.within:
        return None
    return (
        f"{checked}: {own:.3f} s long, but input '{condition.like}' has {wanted:.3f} s, "
        f"and {condition.within:g} s of difference are allowed"
    )


def _seconds(file: Path, measure: Measure) -> float:
    try:
        seconds = measure(file)
    except PipelineError as error:
        raise Uncountable(error.message) from error
    if seconds is None:
        raise Uncountable(f"{printable(file.name)} doesn't say how long it is")
    return seconds


def _shown(value: Any) -> str:
    return "null" if value is None else repr(value)


def _shortened(text: str) -> str:
    shown = printable(text)
    return shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}…"
