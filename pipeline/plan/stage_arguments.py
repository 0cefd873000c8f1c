"""What a person types for a stage that is called by itself, checked against what the stage declares."""

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pipeline.config.stages import StageSpec
from pipeline.errors import UsageError, did_you_mean
from pipeline.text import printable

YES_AND_NO = {"true": True, "yes": True, "false": False, "no": False}


def require_callable(spec: StageSpec) -> None:
    """Raises ``UsageError`` for a service, and for a stage that uses one."""
    if spec.service:
        raise UsageError(
            f"stage '{spec.name}' is a service, which runs until it is stopped", f"pipeline serve {spec.name}"
        )
    if spec.services:
        message = f"stage '{spec.name}' uses a service ({', '.join(spec.services)}), so it runs in jobs only"
        raise UsageError(message, "prepare-job --help")


def inputs(spec: StageSpec, texts: Sequence[str], may_lack: bool = False) -> dict[str, list[Path]]:
    """Files by input, from ``NAME=FILE``; of a stage with one input, ``FILE`` alone will do.

    Raises ``UsageError`` for a name that the stage doesn't declare, and unless it ``may_lack`` some, for a missing one.
    """
    found: dict[str, list[Path]] = {}
    for text in texts:
        name, equals, file = text.partition("=")
        if len(spec.inputs) == 1 and name not in spec.inputs and (not equals or Path(text).exists()):
            name, file = spec.inputs[0], text
        elif not equals:
            raise _refusal(spec, f"--input takes NAME=FILE, not {printable(text)!r}")
        _require_known(spec, "input", name, spec.inputs)
        found.setdefault(name, []).append(Path(file))
    missing = [name for name in spec.inputs if name not in found]
    if missing and not may_lack:
        raise _refusal(spec, f"stage '{spec.name}' needs the input '{missing[0]}': --input {missing[0]}=FILE")
    return found


def parameters(spec: StageSpec, texts: Sequence[str]) -> dict[str, Any]:
    """Values by parameter, from ``NAME=VALUE``, each of the kind that its default has. Raises ``UsageError``."""
    found: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise _refusal(spec, f"--param takes NAME=VALUE, not {printable(text)!r}")
        _require_known(spec, "parameter", name, tuple(spec.parameters))
        try:
            found[name] = _value(value, spec.parameters[name])
        except ValueError as error:
            shown = f"the parameter '{name}' of stage '{spec.name}' is {error}, not {printable(value)!r}"
            raise _refusal(spec, shown) from error
    return found


def models(spec: StageSpec, texts: Sequence[str], may_lack: bool = False) -> dict[str, str]:
    """Names of models by slot, from ``SLOT=NAME``. Raises ``UsageError``."""
    known = (*spec.models, *spec.optional_models)
    found: dict[str, str] = {}
    for text in texts:
        slot, equals, name = text.partition("=")
        if not equals and len(known) == 1:
            slot, name = known[0], text
        elif not equals:
            raise _refusal(spec, f"--model takes SLOT=NAME, not {printable(text)!r}")
        _require_known(spec, "model", slot, known)
        found[slot] = name
    missing = [slot for slot in spec.models if slot not in found]
    if missing and not may_lack:
        raise _refusal(spec, f"stage '{spec.name}' needs the model '{missing[0]}': --model {missing[0]}=NAME")
    return found


def kind_of(default: Any) -> str:
    """What a parameter takes, as its default shows it."""
    match default:
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case dict():
            return "a mapping"
    return "any value"


def _value(text: str, default: Any) -> Any:
    """Raises ``ValueError``, which says what it should be."""
    if isinstance(default, str):
        return text
    if isinstance(default, bool) and text.lower() in YES_AND_NO:
        return YES_AND_NO[text.lower()]
    value = _parsed(text)
    match default:
        case None:
            return value
        case list() if not isinstance(value, list):
            return [item.strip() for item in text.split(",")] if text else []
        case bool() if not isinstance(value, bool):
            raise ValueError(kind_of(default))
        case int() | float() if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(kind_of(default))
        case dict() if not isinstance(value, dict):
            raise ValueError(kind_of(default))
    return value


def _parsed(text: str) -> Any:
    """As JSON, where it is some; else the text itself."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return text if isinstance(value, float) and not math.isfinite(value) else value


def _require_known(spec: StageSpec, kind: str, name: str, known: Sequence[str]) -> None:
    if name not in known:
        near = did_you_mean(name, list(known), listing=False)
        raise _refusal(spec, f"stage '{spec.name}' has no {kind} '{printable(name)}'{near}")


def _refusal(spec: StageSpec, message: str) -> UsageError:
    return UsageError("\n".join([message, *_declared(spec)]), f"pipeline stage show {spec.name}")


def _declared(spec: StageSpec) -> Iterator[str]:
    values = [f"{name}={json.dumps(default, ensure_ascii=False)}" for name, default in spec.parameters.items()]
    for kind, names in (
        ("inputs", spec.inputs),
        ("parameters", values),
        ("models", (*spec.models, *spec.optional_models)),
    ):
        if names:
            yield f"its {kind}: {', '.join(names)}"
