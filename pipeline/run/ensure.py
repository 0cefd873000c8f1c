"""Whether a stage that has ended well has left what its ``ensure`` says. Each condition that doesn't hold is a message.

A file that can't be read, or isn't of the form that its name says, is such a message; nothing here raises for it.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pipeline.config.ensure import Count, Duration, Ensure, parse_promises
from pipeline.envs.variables import which
from pipeline.errors import NotReady, PipelineError
from pipeline.jobs.plan import PlannedStage
from pipeline.media.probe import PROBER, probe
from pipeline.project import ProjectFolder
from pipeline.run import file_counts, schema_match
from pipeline.run.file_counts import Uncountable
from pipeline.run.runtime import Runtime
from pipeline.text import printable

Measure = Callable[[Path], "float | None"]  # a media file's seconds; None where it doesn't say

TEXT = {".txt", ".md", ".csv", ".tsv", ".html", ".xml", ".yaml", ".yml", ".log"}


@dataclass(frozen=True)
class _Subject:
    """An output, and what it is compared with."""

    name: str
    file: Path
    inputs: Mapping[str, Sequence[Path]]
    project: ProjectFolder  # in which schemas are
    measure: Measure

    def __str__(self) -> str:
        return f"output '{self.name}' ({printable(self.file.name)})"


def unmet(
    stage: PlannedStage,
    outputs: Mapping[str, Path],
    inputs: Mapping[str, Sequence[str]],
    project: ProjectFolder,
    runtime: Runtime,
) -> list[str]:
    """The conditions of a stage that don't hold, for the outputs that it left and the inputs that it got."""

    def seconds(file: Path) -> float | None:
        return probe(file, _prober(runtime)).duration_s

    files = {slot: list(map(Path, paths)) for slot, paths in inputs.items()}
    return unmet_conditions(parse_promises(stage.ensure), outputs, files, project, seconds)


def unmet_conditions(
    ensured: Mapping[str, Ensure],
    outputs: Mapping[str, Path],
    inputs: Mapping[str, Sequence[Path]],
    project: ProjectFolder,
    measure: Measure,
) -> list[str]:
    """The conditions that don't hold, for outputs that are there. An input of several files is their sum."""
    broken: list[str] = []
    for name, ensure in ensured.items():
        if name in outputs:
            broken += _unmet(ensure, _Subject(name, outputs[name], inputs, project, measure))
    return broken


def _unmet(ensure: Ensure, subject: _Subject) -> Iterator[str]:
    conditions: list[Callable[[], str | None]] = []
    if ensure.non_empty:
        conditions.append(lambda: _emptiness(subject))
    if ensure.schema is not None:
        schema = subject.project.locate(ensure.schema)
        conditions.append(lambda: _mismatch(subject, schema))
    for key, lowest in ensure.at_least.items():
        conditions.append(partial(_too_low, subject, key, lowest))
    if count := ensure.count:
        conditions.append(lambda: _other_count(subject, count))
    if duration := ensure.duration:
        conditions.append(lambda: _other_duration(subject, duration))
    for condition in conditions:
        if reason := _reason(condition, subject):
            yield reason


def _reason(condition: Callable[[], str | None], subject: _Subject) -> str | None:
    try:
        return condition()
    except Uncountable as error:
        return f"{subject}: {error}"
    except OSError as error:
        where = f"{printable(os.fsdecode(error.filename))}: " if error.filename else ""
        return f"{subject} can't be checked: {where}{error.strerror}"


def _emptiness(subject: _Subject) -> str | None:
    file, kind = subject.file, subject.file.suffix.lower()
    if file.is_dir():
        has_bytes = any(each.stat().st_size for each in file_counts.files_below(file))
        return None if has_bytes else f"{subject} has no file with a byte in it"
    if file.stat().st_size == 0:
        return f"{subject} is empty"
    if kind == ".json":
        value = file_counts.read_json(file)
        return f"{subject} holds nothing but {_shown(value)}" if value in ([], {}, "", None) else None
    if kind in file_counts.COUNTERS:
        counted = file_counts.count(file)
        return None if counted.number else f"{subject} is empty: it has 0 {counted.unit}"
    if kind in TEXT:
        with open(file, encoding="utf-8-sig", errors="replace") as lines:
            return None if any(line.strip() for line in lines) else f"{subject} holds nothing but white space"
    return None


def _mismatch(subject: _Subject, schema_file: Path) -> str | None:
    reason = schema_match.mismatch(subject.file, schema_file)
    return f"{subject} {reason}" if reason else None


def _too_low(subject: _Subject, key: str, lowest: float) -> str | None:
    number = file_counts.number(subject.file, key)
    return None if number >= lowest else f"{subject}: {key} is {number:g}, but must be at least {lowest:g}"


def _other_count(subject: _Subject, condition: Count) -> str | None:
    own = file_counts.count(subject.file, condition.output_key)
    try:
        others = [file_counts.count(file, condition.input_key) for file in subject.inputs.get(condition.like, ())]
    except Uncountable as error:
        raise Uncountable(f"can't be compared with input '{condition.like}': {error}") from error
    wanted = sum(each.number for each in others)
    if own.number == wanted:
        return None
    unit = next((f" {each.unit}" for each in others if each.unit != own.unit), "")
    return f"{subject}: {own.number} {own.unit}, but input '{condition.like}' has {wanted}{unit}"


def _other_duration(subject: _Subject, condition: Duration) -> str | None:
    own = _seconds(subject.file, subject.measure)
    wanted = sum(_seconds(file, subject.measure) for file in subject.inputs.get(condition.like, ()))
    if abs(own - wanted) <= condition.within:
        return None
    return (
        f"{subject}: {own:.3f} s long, but input '{condition.like}' has {wanted:.3f} s, "
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


def _prober(runtime: Runtime) -> Path:
    """As it was found when the job was prepared: on PATH, or in the environment that provides it."""
    if path := which(PROBER, os.environ):
        return Path(path)
    provided = [build.provided_tools / PROBER for build in runtime.builds.values()]
    for tool in provided:
        if tool.exists():
            return tool
    raise NotReady(f"{PROBER}, which measures durations, isn't there any more", "./bootstrap.sh")
