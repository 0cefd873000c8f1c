"""What ``$name`` stands for in a workflow: a parameter, a part of a decision, or what a fan-out's value picks of it."""

from collections.abc import Mapping
from typing import Any

from pipeline.errors import did_you_mean
from pipeline.plan.filling import EACH

PICKED = f"[{EACH}]"  # after a name: the entry, in a mapping, of the fan-out's value


def find(values: Mapping[str, Any], name: str, each: Any = None) -> Any:
    """``name`` is written without the dollar sign: ``model``, ``translation.apertium``, ``glossary[$each]``.

    Raises ``LookupError`` with a sentence.
    """
    path = name.removesuffix(PICKED)
    found = _part(values, path)
    if path == name:
        return found
    if not isinstance(found, Mapping) or str(each) not in found:
        raise LookupError(f"'{path}' has nothing for {each!r}")
    return found[str(each)]


def _part(values: Mapping[str, Any], path: str) -> Any:
    found: Any = values
    first = path.partition(".")[0]
    for place, key in enumerate(path.split(".")):
        if not isinstance(found, Mapping) or key not in found:
            if place == 0:
                raise LookupError(f"no parameter '{key}'{did_you_mean(key, list(values))}")
            if not found:
                return ""  # of what isn't given, every part is as empty
            known = list(found) if isinstance(found, Mapping) else []
            raise LookupError(f"'{first}' has no '{key}'{did_you_mean(key, known)}")
        found = found[key]
    return found
