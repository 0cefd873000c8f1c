"""What a job is to be, from the options that a command got."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pipeline.cli.shortcuts import AUTO, SHORTCUTS, WORKFLOWS, Shortcut
from pipeline.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from pipeline.config.catalog import Catalog
    from pipeline.config.workflows import ParameterSpec
    from pipeline.prepare.batch import RequestFactory

UNDECIDED: tuple[Any, ...] = (None, False, "", [], AUTO)  # with these, what needs a parameter changes nothing


def request_factory(options: Mapping[str, Any], catalog: "Catalog") -> "RequestFactory":
    """Makes the request for a file, from the options that a command got. Raises ``UsageError``."""
    from pipeline.envs.choice.decision import EnvironmentOptions
    from pipeline.prepare.environment_finder import WAIT_SECONDS
    from pipeline.prepare.preparation import JobRequest

    typed = _typed(options)
    workflow = _workflow(catalog.workflow_names, [name for name in WORKFLOWS if options.get(name)], options["workflow"])
    _require_known(typed, workflow, catalog)
    typed = {name: _in_lower_case(name, each, workflow, catalog) for name, each in typed.items()}
    _require_effect(typed, catalog.workflow(workflow).parameters)
    if options["fetch"] and ("model" not in typed or typed["model"].text != AUTO):
        raise UsageError("--fetch changes nothing without --model auto", "give --model auto, or leave it out")
    wait = WAIT_SECONDS if options["wait"] is None else options["wait"]
    allowed = EnvironmentOptions(wait, options["build"], options["allow_degraded"])
    parameters = {name: each.text for name, each in typed.items()}
    return lambda file: JobRequest(
        file,
        workflow,
        parameters,
        allowed,
        options["beside"],
        options["overwrite"],
        options["inherit_environment"],
        fetches=options["fetch"],
        allows_code=options["allow_code"],
    )


def _workflow(known: Sequence[str], shortcuts: Sequence[str], workflow: str | None) -> str:
    names = {*shortcuts, *([workflow] if workflow else [])}
    if len(names) != 1:
        ways = ", ".join(f"--{name}" for name in WORKFLOWS)
        what = f"not {' and '.join(sorted(names))} at once: " if names else ""
        raise UsageError(f"{what}name one workflow: {ways} or --workflow NAME", "pipeline workflow list")
    name = names.pop()
    if name in shortcuts and name not in known:
        raise UsageError(f"this project has no workflow for --{name} yet", "pipeline workflow list")
    return name


@dataclass(frozen=True)
class TypedParameter:
    """A parameter's value as a person typed it."""

    text: str
    option: str  # by which it was given, such as --model or --param


def _typed(options: Mapping[str, Any]) -> dict[str, TypedParameter]:
    """By parameter. Raises ``UsageError`` where one is given twice."""
    typed: dict[str, TypedParameter] = {}
    for text in options["parameters"]:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"--param takes NAME=VALUE, not {text!r}", "prepare-job --help")
        _add(typed, name, TypedParameter(value, "--param"))
    for shortcut in SHORTCUTS:
        value = options[shortcut.parameter]
        if value is None or value is False or value == ():
            continue
        for text in _texts(shortcut, value):
            _add(typed, shortcut.parameter, TypedParameter(text, shortcut.flag))
    return typed


def _in_lower_case(name: str, typed: TypedParameter, workflow: str, catalog: "Catalog") -> TypedParameter:
    """``AUTO`` is ``auto`` where a model may be chosen, unless a model has that name."""
    spec = catalog.workflow(workflow).parameters.get(name)
    is_choice = bool(spec and spec.task) and typed.text.lower() == AUTO and typed.text not in catalog.models
    return replace(typed, text=AUTO) if is_choice else typed


def _texts(shortcut: Shortcut, value: Any) -> Sequence[str]:
    """The values of an option, as the parameter takes them; several where one is typed again with another value."""
    if not shortcut.takes_value:
        return [str(shortcut.value)]
    if shortcut.joined:
        return [",".join(value)]
    return list(dict.fromkeys(value)) if shortcut.is_list else [value]


def _add(typed: dict[str, TypedParameter], name: str, parameter: TypedParameter) -> None:
    if name in typed:
        both = f"{typed[name].text!r} and {parameter.text!r}"
        raise UsageError(f"the parameter '{name}' is given twice: {both}", "give it once")
    typed[name] = parameter


def _require_known(typed: Mapping[str, TypedParameter], workflow: str, catalog: "Catalog") -> None:
    """Raises ``UsageError`` for an option that means nothing to the workflow, with a workflow that knows it."""
    known = catalog.workflow(workflow).parameters
    for name, parameter in typed.items():
        if name not in known and parameter.option != "--param":
            others = [each for each in catalog.workflow_names if name in catalog.workflow(each).parameters]
            near = f"; {' and '.join(others)} would" if others else did_you_mean(name, list(known))
            raise UsageError(
                f"the workflow '{workflow}' has no use for {parameter.option} (it has no parameter '{name}'){near}",
                f"pipeline workflow show {others[0] if others else workflow}",
            )


def _require_effect(typed: Mapping[str, TypedParameter], known: "Mapping[str, ParameterSpec]") -> None:
    """Raises ``UsageError`` for an option that would change nothing: whoever gives it expects that it does."""
    flags = {each.parameter: each.flag for each in SHORTCUTS}
    undecided = {name for name, spec in known.items() if spec.default in UNDECIDED and spec.default}
    has_value = {
        name for name, each in typed.items() if each.text and not (name in undecided and each.text in UNDECIDED)
    }
    has_value |= {name for name, spec in known.items() if spec.default not in UNDECIDED and name not in typed}
    values = {name: spec.default for name, spec in known.items()} | {name: each.text for name, each in typed.items()}
    for each in SHORTCUTS:
        if each.parameter not in typed or typed[each.parameter].option != each.flag:
            continue
        if each.needs and each.needs in known and not _is_met(each, has_value, values):
            other = " ".join(filter(None, [flags[each.needs], each.needs_value]))
            raise UsageError(f"{each.flag} changes nothing without {other}", f"give {other}, or leave it out")
        if each.instead and each.instead in has_value:
            what = f"{each.flag} changes nothing with {flags[each.instead]}, which needs no recognition"
            raise UsageError(what, "leave one of the two out")


def _is_met(option: Shortcut, has_value: Collection[str], values: Mapping[str, Any]) -> bool:
    """Whether the parameter that it needs has a value, or the one value with which it changes something."""
    return option.needs in has_value if option.needs_value is None else values[option.needs or ""] == option.needs_value
