"""Parameter values: what was given, typed and checked against the workflow; defaults for the rest."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.errors import UsageError, did_you_mean
from pipeline.plan import languages
from pipeline.spec.catalog import Catalog
from pipeline.spec.workflows import ParameterSpec, WorkflowSpec


def resolve(workflow: WorkflowSpec, given: Mapping[str, str], catalog: Catalog) -> dict[str, Any]:
    """Values for all of the workflow's parameters. ``given`` holds them as typed on a command line.

    Raises ``UsageError`` for a name that the workflow doesn't have or a value that doesn't fit.
    """
    for name in given:
        if name not in workflow.parameters:
            raise UsageError(
                f"workflow '{workflow.name}' has no parameter '{name}'{did_you_mean(name, list(workflow.parameters))}",
                f"pipeline workflow show {workflow.name}",
            )
    values = {
        name: _value(spec, given[name], catalog) if name in given else spec.default
        for name, spec in workflow.parameters.items()
    }
    known = _recognised_languages(workflow, values, catalog)
    for name, spec in workflow.parameters.items():
        values[name] = _checked(workflow, spec, values[name], known)
    return values


def _value(spec: ParameterSpec, text: str, catalog: Catalog) -> Any:
    try:
        match spec.type:
            case "integer":
                return int(text)
            case "number":
                return float(text)
            case "boolean":
                return {"true": True, "yes": True, "false": False, "no": False}[text.lower()]
            case "languages":
                return [code.strip() for code in text.split(",") if code.strip()]
            case "model":
                return catalog.model(text).name
            case _:
                return text
    except (ValueError, KeyError) as error:
        raise UsageError(f"parameter '{spec.name}': {text!r} isn't of type {spec.type}") from error


def _recognised_languages(workflow: WorkflowSpec, values: Mapping[str, Any], catalog: Catalog) -> Sequence[str]:
    """The languages of the workflow's model; all there are where it uses none, or one without a list."""
    chosen = [catalog.model(values[name]) for name, spec in workflow.parameters.items() if spec.type == "model"]
    lists = [set(model.languages) for model in chosen if model.languages]
    return sorted(set.intersection(*lists)) if lists else []


def _checked(workflow: WorkflowSpec, spec: ParameterSpec, value: Any, known: Sequence[str]) -> Any:
    if spec.type == "language" and value != languages.DETECT:
        value = languages.normalise(value, known)
    if spec.type == "languages":
        value = list(dict.fromkeys(languages.normalise(code, ()) for code in value or ()))
        _check_count(workflow, spec, value)
    if spec.choices and value not in spec.choices:
        choices = [str(choice) for choice in spec.choices]
        raise UsageError(f"parameter '{spec.name}': no choice {value!r}{did_you_mean(str(value), choices)}")
    return value


def _check_count(workflow: WorkflowSpec, spec: ParameterSpec, value: Sequence[str]) -> None:
    if spec.at_most is not None and len(value) > spec.at_most:
        limit = f"at most {spec.at_most}" if spec.at_most else "none"
        raise UsageError(
            f"workflow '{workflow.name}' takes {limit} for '{spec.name}', not {','.join(value)}",
            f"pipeline workflow show {workflow.name}",
        )
