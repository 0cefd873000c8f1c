"""The items of a list, as people name a fan-out's members by them: ``square[7]``."""

import contextlib
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipeline.errors import PipelineError
from pipeline.jobs import attempts
from pipeline.jobs.job import JobFolder, PlannedJob
from pipeline.jobs.plan import PlannedStage
from pipeline.jobs.state import JobState
from pipeline.references import member_name, split
from pipeline.values import parsed

NAMING = ("name", "id", "title", "file")  # keys of a mapping, of which the first that it has names it
LONGEST = 60  # characters


def labels(items: Sequence[Any]) -> list[str]:
    """An item in words: itself where it is a text or a number, what names a mapping, else its place from 1."""
    return [_label(item, index + 1)[:LONGEST] for index, item in enumerate(items)]


def _label(item: Any, place: int) -> str:
    if isinstance(item, Mapping):
        item = next((item[key] for key in NAMING if key in item), None)
    return str(item) if isinstance(item, str | int | float) and str(item) else str(place)


def of_fan_out(job: JobFolder, stage: PlannedStage, state: JobState) -> dict[str, str]:
    """The members of a fan-out over a list, each with its item in words; empty where the list isn't known."""
    if stage.for_each is None:
        return {}
    writer, output = split(stage.for_each)
    committed = state.stage(writer).committed
    if committed is None:
        return {}
    with contextlib.suppress(OSError, ValueError, KeyError):
        path = attempts.of_event(job, committed).outputs[output].path
        items = sorted(os.listdir(path)) if path.is_dir() else parsed(path.read_bytes())
        if isinstance(items, list):
            return {member_name(stage.name, index): label for index, label in enumerate(labels(items))}
    return {}


def internal_name(job: PlannedJob, typed: str) -> str:
    """The name of the stage that a person calls ``STAGE[VALUE]``. Any other text stays as it is."""
    base, bracket, rest = typed.partition("[")
    if not bracket or not rest.endswith("]"):
        return typed
    value = rest[:-1]
    planned = {stage.name: stage for stage in job.stages}
    of_value = f"{base}_{value}".replace("-", "_")
    if of_value in planned:
        return of_value
    if base not in planned:
        return typed
    members = of_fan_out(job, planned[base], job.loaded)
    return next((name for name, label in members.items() if label == value), typed)


def shown_names(job: PlannedJob, state: JobState) -> dict[str, str]:
    """For each member of a fan-out over a list, how people call it."""
    return members_of(job, job.stages, state)


def members_of(job: JobFolder, stages: Iterable[PlannedStage], state: JobState) -> dict[str, str]:
    """As ``shown_names``, for these stages of the job."""
    found: dict[str, str] = {}
    for stage in stages:
        with contextlib.suppress(PipelineError):
            members = of_fan_out(job, stage, state)
            found |= {name: f"{stage.name}[{label}]" for name, label in members.items()}
    return found
