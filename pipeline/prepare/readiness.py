"""What a plan needs of the machine, and what of that is missing.

No process is started for it, except the interpreter of an external environment that wasn't inspected before.
"""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.config.catalog import Catalog
from pipeline.envs import program_versions
from pipeline.envs.choice.decision import Choice, Refuse
from pipeline.envs.choice.finder import EnvironmentFinder
from pipeline.envs.definition import Definition
from pipeline.envs.lockfiles import agreement
from pipeline.envs.program_wrappers import is_opaque
from pipeline.envs.provided_programs import Tool, locate
from pipeline.envs.variables import system_path
from pipeline.errors import NotReady, bootstrap_steps
from pipeline.host import machine
from pipeline.host.resources import impossible, together
from pipeline.host.run_limits import RunLimits
from pipeline.models.store import ModelStore
from pipeline.plan.planner import PlannedWorkflow
from pipeline.policy import ResourceRequest


@dataclass(frozen=True)
class Problem:
    """Something that is missing, and the command that helps."""

    what: str
    command: str
    environment: str = ""  # that bootstrap would make ready
    model: str = ""  # likewise


class MissingParts(NotReady):
    """What a plan needs isn't there; ``environments`` and ``models`` are those that bootstrap would make ready."""

    def __init__(self, problems: Sequence[Problem], next_step: str) -> None:
        super().__init__("\n".join(problem.what for problem in problems), next_step)
        self.environments = tuple(dict.fromkeys(each.environment for each in problems if each.environment))
        self.models = tuple(dict.fromkeys(each.model for each in problems if each.model))
        self.can_be_built = all(each.environment or each.model for each in problems)


@dataclass(frozen=True)
class Readiness:
    """What was found of a plan's needs."""

    environments: Mapping[str, Definition]  # by name, also those that only provide programs to others
    choices: Mapping[str, Choice]  # by environment: what the job gets, or what has to be done first
    tools: Mapping[str, tuple[Tool, ...]]  # by environment: the programs that it needs
    problems: tuple[Problem, ...]


def check(
    catalog: Catalog,
    planned: PlannedWorkflow,
    finder: EnvironmentFinder,
    in_folders: Collection[str] = (),
    own_tools: tuple[str, ...] = (),
) -> Readiness:
    """Everything that the plan needs; what is missing is among the ``problems``, and raises nothing yet.

    ``in_folders`` are the models that the job brings along in folders, so that they aren't in the store. ``own_tools``
    are programs that the orchestrator itself needs for this plan.
    """
    needed = [catalog.environment(name) for name in planned.environments]
    tools = {definition.name: locate_all(catalog, definition.tools) for definition in needed}
    all_tools = [*(tool for located in tools.values() for tool in located), *locate_all(catalog, own_tools)]
    definitions = {each.name: each for each in [*needed, *providers(all_tools)]}
    choices = {name: finder.choose(each) for name, each in definitions.items()}
    problems = [
        *_environment_problems(choices, definitions),
        *_model_problems(catalog, planned, in_folders),
        *_tool_problems(
            all_tools, {tool: command for each in definitions.values() for tool, command in each.tool_packages}
        ),
        *_resource_problems(planned),
    ]
    return Readiness(definitions, choices, tools, tuple(problems))


def require(ready: Readiness, default_commands: Callable[[], Collection[str]]) -> None:
    """Raises ``MissingParts`` with each problem, and the commands that help.

    ``default_commands`` gives those that a bare bootstrap stands for; it is called only where something is missing.
    """
    if ready.problems:
        steps = bootstrap_steps([problem.command for problem in ready.problems], default_commands())
        raise MissingParts(ready.problems, steps)


def wrapper_notes(ready: Readiness) -> Iterator[str]:
    """One for each program of which nobody sees that it is upgraded: what to write, so that it shows."""
    for environment, tools in ready.tools.items():
        for tool in tools:
            if tool.path and (note := wrapper_note(ready.environments[environment], tool.name, tool.path)):
                yield note


def wrapper_note(definition: Definition, name: str, path: Path) -> str | None:
    """As ``wrapper_notes``, of one program on ``PATH`` that stages in an environment start."""
    if name in {*dict(definition.tool_versions), *program_versions.KNOWN}:
        return None
    if not is_opaque(name, path, system_path(os.environ)):
        return None
    setting = f"tools: [{{{name}: {{version: [--version]}}}}]"
    if definition.is_in_block:
        setting = f'tools = [{{{name} = {{version = ["--version"]}}}}] in [tool.pipeline.environment]'
    return (
        f"{path} starts another program. If that one is upgraded, results of the old one are still"
        f" used. To have the version looked at, write into {definition.path} how {name} is asked for"
        f" it:\n{setting}"
    )


def locate_all(catalog: Catalog, names: Iterable[str]) -> tuple[Tool, ...]:
    """Programs by name, each where ``PATH`` has it, else with the environment that provides it."""
    return tuple(locate(name, catalog.provider(name), os.environ) for name in names)


def providers(tools: Iterable[Tool]) -> list[Definition]:
    """The environments that provide the programs which aren't on ``PATH``."""
    return list({tool.provider.name: tool.provider for tool in tools if tool.provider}.values())


def _environment_problems(choices: Mapping[str, Choice], definitions: Mapping[str, Definition]) -> Iterator[Problem]:
    for name, choice in sorted(choices.items()):
        if not isinstance(choice, Refuse):
            continue
        if mismatch := agreement.problem(definitions[name]):
            yield Problem(f"environment '{name}' can't be used: {mismatch}", agreement.repair(definitions[name]))
        else:
            buildable = choice.command.startswith(f"bootstrap --env {name}")
            what = f"environment '{name}' isn't ready: {choice.reason}"
            yield Problem(what, choice.command, environment=name if buildable else "")


def _model_problems(catalog: Catalog, planned: PlannedWorkflow, in_folders: Collection[str]) -> Iterator[Problem]:
    store = ModelStore(catalog.project.model_store)
    for name in planned.models:
        if name not in in_folders and (reason := store.problem_of(catalog.model(name))):
            environments = [each for each in planned.environments if name in catalog.environment(each).models]
            option = f"--env {environments[0]}" if environments else f"--model {name}"
            yield Problem(f"model '{name}' isn't ready: {reason}", f"bootstrap {option}", model=name)


def _tool_problems(tools: Iterable[Tool], packages: Mapping[str, str]) -> Iterator[Problem]:
    """``packages``: the command that installs a program, where the environment that needs it names one."""
    for name in sorted({tool.name for tool in tools if tool.path is None and tool.provider is None}):
        yield Problem(f"{name} isn't on PATH, and no environment provides it", packages.get(name, f"install {name}"))


def _resource_problems(planned: PlannedWorkflow) -> Iterator[Problem]:
    """What stages need and this machine doesn't have. GPUs are detected only where a stage needs one."""
    stages = [stage for stage in planned.programs if stage.resources != ResourceRequest()]
    requests = {stage.uses: stage.resources for stage in stages}
    files = {stage.uses: stage.file for stage in stages}
    if not requests:
        return
    available = machine.detect(os.environ, with_gpus=any(request.gpus for request in requests.values()))
    for uses, request in requests.items():
        if reason := impossible(request, available, RunLimits()):
            yield Problem(f"stage '{uses}' {reason}", f"ask for less in {files[uses]}, or run on another machine")
    services = {service.name: service.stage.resources for service in planned.services}
    beside = {stage.uses: (stage, [services[name] for name in stage.services.values()]) for stage in planned.stages}
    for uses, (stage, used) in beside.items():
        if used and (reason := impossible(together(stage.resources, used), available, RunLimits())):
            what = f"stage '{uses}' with the services that it uses {reason}"
            yield Problem(what, f"ask for less in {stage.file}, or run on another machine")
