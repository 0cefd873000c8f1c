"""Values of a workflow's parameters: those that a person gave, converted and checked, and defaults for the others."""

import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeline.config.catalog import Catalog
from pipeline.config.workflows import AUTO, KINDS_OF_VALUES, ParameterSpec, WorkflowSpec
from pipeline.errors import UsageError, did_you_mean
from pipeline.jobs.secrets import WAYS, SecretSource, parse
from pipeline.plan import languages
from pipeline.plan.time_spans import parse_seconds
from pipeline.text import is_utf8, printable

RECOGNITION = "recognition"  # the task of models whose languages are those that may be spoken

HELP = "prepare-job --help"
FILES = ("model", "subtitles", "glossary")  # the types whose value may be a path, which has any bytes


def resolve(
    workflow: WorkflowSpec, texts: Mapping[str, str], catalog: Catalog, ready: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Values for all of the workflow's parameters.

    ``texts``: from the command line, by name. ``ready``: values that need no conversion, such as a glossary that was
    read from its file.

    Raises ``UsageError`` for a name that the workflow doesn't have, a missing value, and one that doesn't fit; and
    ``ConfigurationError`` where a default doesn't fit.
    """
    for name in texts:
        if name not in workflow.parameters:
            raise UsageError(
                f"workflow '{workflow.name}' has no parameter '{name}'{did_you_mean(name, list(workflow.parameters))}",
                f"pipeline workflow show {workflow.name}",
            )
    for name, spec in workflow.parameters.items():
        if spec.required and name not in texts:
            raise UsageError(
                f"workflow '{workflow.name}' needs the parameter '{name}'",
                f"add --param {name}=VALUE to the command; this shows what it can be\npipeline workflow"
                f" show {workflow.name}",
            )
    ready = ready or {}
    with _advice(workflow):
        values = {
            name: ready[name]
            if name in ready
            else _value(spec, texts[name], catalog)
            if name in texts
            else spec.default
            for name, spec in workflow.parameters.items()
        }
    known = _recognised_languages(workflow, values, catalog)
    for name, spec in workflow.parameters.items():
        try:
            with _advice(workflow):
                values[name] = _checked(workflow, spec, values[name], known)
        except UsageError as error:
            if name in texts or spec.at_least:
                raise
            raise workflow.source.error(("parameters", name, "default"), error.message, error.next_step) from error
    return values


@contextlib.contextmanager
def _advice(workflow: WorkflowSpec) -> Iterator[None]:
    """A mistake in a value that says nothing else to do names the command that shows what values there are."""
    try:
        yield
    except UsageError as error:
        if error.next_step:
            raise
        raise UsageError(error.message, f"pipeline workflow show {workflow.name}") from error


def _value(spec: ParameterSpec, text: str, catalog: Catalog) -> Any:
    return _secret(spec, text) if spec.type == "secret" else _plain_value(spec, text, catalog)


def _plain_value(spec: ParameterSpec, text: str, catalog: Catalog) -> Any:
    if spec.type not in FILES and not is_utf8(text):
        raise UsageError(f"parameter '{spec.name}': {printable(text)} isn't UTF-8 text", HELP)
    try:
        match spec.type:
            case "integer":
                return int(text)
            case "number":
                return _finite(text)
            case "boolean":
                return {"true": True, "yes": True, "false": False, "no": False}[text.lower()]
            case "languages" | "words":
                return _items(spec, text)
            case "model":
                return AUTO if spec.task and text == AUTO else _model(spec, text, catalog)
            case _:
                return text
    except (ValueError, KeyError) as error:
        raise UsageError(f"parameter '{spec.name}': {text!r} isn't {KINDS_OF_VALUES[spec.type]}") from error


def _model(spec: ParameterSpec, text: str, catalog: Catalog) -> str:
    model = catalog.model(text)
    if spec.task and not model.may_do(spec.task):
        what = f"model '{model.name}' is one for {model.task}, and this is to be one for {spec.task}"
        raise UsageError(what, f"pipeline model list --task {spec.task}")
    return model.name


def _items(spec: ParameterSpec, text: str) -> list[str]:
    """What stands between commas. Raises ``UsageError`` for nothing between two; after the last one is none."""
    items = [item.strip() for item in text.removesuffix(",").split(",")] if text else []
    if not any(items) and spec.at_least:
        return []  # which is refused with how many there must be
    if not all(items):
        what = f"parameter '{spec.name}': {text!r} has an item that is empty (is a variable of the shell not set?)"
        raise UsageError(what, HELP)
    return items


def _secret(spec: ParameterSpec, text: str) -> SecretSource:
    """Raises ``UsageError``, which doesn't repeat the text."""
    source = parse(text)
    if source is None:
        raise UsageError(
            f"the secret '{spec.name}' can't be typed here, where the shell's history keeps it and others can see it; "
            f"say where it comes from: {WAYS}",
            f"write --param {spec.name}=prompt, and it is asked for when the job runs",
        )
    return source


def _seconds(spec: ParameterSpec, value: str | float) -> float:
    """Raises ``UsageError`` for what is no length of time."""
    try:
        return value if isinstance(value, int | float) else parse_seconds(value)
    except ValueError as error:
        raise UsageError(f"parameter '{spec.name}': {error}", HELP) from error


def _finite(text: str) -> float:
    """A number that JSON has. Raises ``ValueError`` also for infinities and for "nan"."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _recognised_languages(workflow: WorkflowSpec, values: Mapping[str, Any], catalog: Catalog) -> Sequence[str]:
    """Languages that all models of the workflow recognise; empty: any, since no model has a list."""
    named = [name for name, spec in workflow.parameters.items() if spec.type == "model" and values[name] is not None]
    for name in named:
        if values[name] not in (*catalog.models, *([AUTO] if workflow.parameters[name].task else ())):
            nearest = did_you_mean(values[name], sorted(catalog.models))
            raise workflow.source.error(("parameters", name, "default"), f"no model '{values[name]}'{nearest}")
    chosen = [catalog.model(values[name]) for name in named if values[name] != AUTO]
    lists = [set(model.languages) for model in chosen if model.languages and model.may_do(RECOGNITION)]
    tasks = [workflow.parameters[name].task for name in named if values[name] == AUTO]
    lists += [
        {code for each in catalog.models.values() if each.may_do(task) for code in each.languages} for task in tasks
    ]
    return sorted(set.intersection(*lists)) if lists else []


def _checked(workflow: WorkflowSpec, spec: ParameterSpec, value: Any, known: Sequence[str]) -> Any:
    if spec.type == "languages":
        value = list(dict.fromkeys(languages.normalise(code, ()) for code in value or ()))
        _check_count(workflow, spec, value)
    if spec.type == "words":
        value = list(dict.fromkeys(value or ()))
        _check_count(workflow, spec, value)
    if value is None:
        return None
    if spec.type == "secret":
        return _secret(spec, str(value))
    if spec.type == "duration":
        return _seconds(spec, value)
    if spec.type == "language" and value != languages.DETECT:
        value = languages.normalise(value, known)
    for item in value if isinstance(value, list) else [value]:
        if spec.choices and item not in spec.choices:
            others = did_you_mean(str(item), [str(choice) for choice in spec.choices])
            raise UsageError(f"parameter '{spec.name}': {item!r} isn't one of its choices{others}")
    return value


def _check_count(workflow: WorkflowSpec, spec: ParameterSpec, value: Sequence[str]) -> None:
    if len(value) < spec.at_least:
        count = f"{spec.at_least} value{'s' * (spec.at_least > 1)}"
        raise UsageError(
            f"'{spec.name}' of workflow '{workflow.name}' needs at least {count}",
            f"add --param {spec.name}=VALUE to the command; this shows what it can be\npipeline workflow"
            f" show {workflow.name}",
        )
    if spec.at_most is not None and len(value) > spec.at_most:
        limit = f"at most {spec.at_most}" if spec.at_most else "no value"
        raise UsageError(
            f"'{spec.name}' of workflow '{workflow.name}' takes {limit}, not {','.join(value)}",
            f"pipeline workflow show {workflow.name}",
        )
