"""The value of ``$name`` in a workflow: of a parameter, of a part of a decision, or of its entry for one member."""

from collections.abc import Mapping
from typing import Any

from pipeline.errors import did_you_mean
from pipeline.plan.substitution import EACH

PICK = f"[{EACH}]"  # after a name of a mapping: its entry for the fan-out's value


def value_of(values: Mapping[str, Any], name: str, each: Any = None) -> Any:
    """The value of a name without the dollar sign: ``model``, ``translation.apertium``, ``glossary[$each]``.

    Raises ``LookupError``, whose first argument is a sentence, where there is none.
    """
    path = name.removesuffix(PICK)
    found = _part(values, path)
    if path == name:
        return found
    if not isinstance(found, Mapping) or str(each) not in found:
        raise LookupError(f"'{path}' has no entry for {each!r}")
    return found[str(each)]


def _part(values: Mapping[str, Any], path: str) -> Any:
    found: Any = values
    first = path.partition(".")[0]
    for place, key in enumerate(path.split(".")):
        if not isinstance(found, Mapping) or key not in found:
            if place == 0:
                raise LookupError(f"no parameter '{key}'{did_you_mean(key, list(values))}")
            if not found:
                return ""  # every part of an empty value is empty
            known = list(found) if isinstance(found, Mapping) else []
            raise LookupError(f"'{first}' has no '{key}'{did_you_mean(key, known)}")
        found = found[key]
    return found
