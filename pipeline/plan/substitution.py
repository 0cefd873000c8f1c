"""``$name`` in a workflow's values: replaced wherever a whole string is one, also inside lists and mappings."""

from collections.abc import Callable, Mapping
from typing import Any

from pipeline.text import shortened

EACH = "$each"  # the value of a for_each, inside its stage's entry; $each.key where it is a mapping


def fill(value: Any, lookup: Callable[[str], Any]) -> Any:
    """``value`` with each string that begins with a dollar sign replaced by what ``lookup`` gives for it."""
    if isinstance(value, list):
        return [fill(item, lookup) for item in value]
    if isinstance(value, dict):
        return {key: fill(item, lookup) for key, item in value.items()}
    return lookup(value) if isinstance(value, str) and value.startswith("$") else value


def is_each(name: str) -> bool:
    return name == EACH or name.startswith(f"{EACH}.")


def value_of_each(name: str, each: Any) -> Any:
    """What ``$each`` or ``$each.key`` stands for. Raises ``LookupError`` where it has no such key."""
    for key in name.split(".")[1:]:
        if not isinstance(each, Mapping) or key not in each:
            raise LookupError(f"{name}: {shortened(repr(each))} has no '{key}'")
        each = each[key]
    return each
