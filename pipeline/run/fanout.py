"""The members of a fan-out over a list that an earlier stage wrote."""

import os
from functools import partial
from pathlib import Path
from typing import Any

from pipeline.jobs.plan import PlannedStage
from pipeline.plan.substitution import fill, is_each, value_of_each
from pipeline.references import is_paired, member_name, of_value, part, split
from pipeline.values import fields_of, parsed


class Member(PlannedStage, frozen=True, kw_only=True):
    """One of the stages that a fan-out over a list stands for."""

    fan_out: str  # the name in the plan

    @property
    def planned_name(self) -> str:
        return self.fan_out


class ListUnusable(Exception):
    """What should be a list of items isn't one, or an item lacks what the stage asks of it."""


def read_list(file: Path) -> list[Any]:
    """The items; of a directory, the names in it, in order. Raises ``ListUnusable``."""
    if file.is_dir():
        return sorted(os.listdir(file))
    try:
        items = parsed(file.read_bytes())
    except (OSError, ValueError) as error:
        raise ListUnusable(f"{file.name} can't be read as JSON: {error}") from error
    if not isinstance(items, list):
        raise ListUnusable(f"{file.name} holds no list, but {type(items).__name__}")
    return items


def members(stage: PlannedStage, items: list[Any]) -> list["Member"]:
    """A planned fan-out as one stage for each item, in order. Raises ``ListUnusable``."""
    return [_member(stage, index, item) for index, item in enumerate(items)]


def own_needs(member: PlannedStage, fan_out: PlannedStage) -> list[str]:
    """The stages that this member needs and its siblings don't."""
    paired = [slot for slot, refs in fan_out.inputs.items() if any(map(is_paired, refs))]
    return [split(ref)[0] for slot in paired for ref in member.inputs[slot]]


def _member(stage: PlannedStage, index: int, item: Any) -> Member:
    try:
        parameters = fill(stage.parameters, partial(_look_up, item))
    except LookupError as error:
        raise ListUnusable(f"item {index + 1}: {error.args[0]}") from error
    inputs = {slot: tuple(_of_member(ref, index, stage, item) for ref in refs) for slot, refs in stage.inputs.items()}
    name = member_name(stage.name, index)
    own = {"name": name, "fan_out": stage.name, "for_each": None, "parameters": parameters, "inputs": inputs}
    return Member(**{**fields_of(stage), **own})


def _look_up(item: Any, name: str) -> Any:
    return value_of_each(name, item) if is_each(name) else name


def _of_member(reference: str, index: int, stage: PlannedStage, item: Any) -> str:
    if not is_paired(reference):
        return reference
    if not stage.is_own_file(reference):
        name, output = split(reference)
        return f"{member_name(name, index)}.{output}"
    own = of_value(reference, str(item))  # its own file of the directory
    if part(own) != item:
        raise ListUnusable(f"item {index + 1}: {item!r} can't be the name of a file that a member reads")
    return own
