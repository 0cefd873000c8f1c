"""Making a project ready: which environments and models, and doing it side by side."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from pipeline.envs import tools, uv
from pipeline.envs.build import Builder
from pipeline.envs.definition import Definition
from pipeline.envs.registry import Registry
from pipeline.errors import PipelineError
from pipeline.models import fetch
from pipeline.models.shelf import Shelf
from pipeline.models.sources import Fetcher
from pipeline.plan.parameters import resolve
from pipeline.plan.planner import plan
from pipeline.spec.catalog import Catalog
from pipeline.spec.models import ModelSpec


class Display(Protocol):
    def doing(self, task: str, step: str) -> None: ...
    def done(self, task: str, result: str) -> None: ...


@dataclass(frozen=True)
class Task:
    name: str
    carry_out: Callable[[Callable[[str], None]], str]  # gets a way to tell its steps, returns what came of it


def tasks(catalog: Catalog, names: Sequence[str], everything: bool, force: bool) -> list[Task]:
    """Raises ``ConfigurationError`` for a name that the project doesn't define, before anything is built."""
    definitions, models = _wanted(catalog, names, everything)
    project = catalog.project
    installer = uv.find()
    builder = Builder(
        Registry(project.environments), installer, project.logs / "bootstrap", catalog.settings.build_seconds
    )
    shelf, fetcher = Shelf(project.models), Fetcher(installer)
    return [_build(builder, definition, force) for definition in definitions] + [
        _fetch(shelf, fetcher, spec) for spec in models
    ]


def carry_out(work: Sequence[Task], display: Display) -> list[PipelineError]:
    """Do all tasks, in parallel; one's failure doesn't stop the others. Returns the failures."""

    def attempt(task: Task) -> PipelineError | None:
        try:
            display.done(task.name, task.carry_out(lambda step: display.doing(task.name, step)))
        except PipelineError as error:
            display.done(task.name, "failed")
            return error
        return None

    # They mostly wait for uv and the network, so there may be more of them than processors.
    with ThreadPoolExecutor(max(4, os.cpu_count() or 1)) as pool:
        return [error for error in pool.map(attempt, work) if error]


def _wanted(catalog: Catalog, names: Sequence[str], everything: bool) -> tuple[list[Definition], list[ModelSpec]]:
    if names:
        definitions = [catalog.environment(name) for name in names]
        return definitions, [catalog.model(name) for each in definitions for name in each.models]
    if everything:
        return [catalog.environment(name) for name in catalog.environment_names], list(catalog.models.values())
    return _for_default_workflows(catalog)


def _for_default_workflows(catalog: Catalog) -> tuple[list[Definition], list[ModelSpec]]:
    """Their environments, the providers of tools that PATH doesn't have, and the models of their defaults."""
    plans = []
    for name in catalog.settings.default_workflows:
        workflow = catalog.workflow(name)
        plans.append(plan(workflow, resolve(workflow, {}, catalog), catalog))
    names = sorted({name for each in plans for name in each.environments})
    definitions = [catalog.environment(name) for name in names]
    wanted = sorted({tool for definition in definitions for tool in definition.tools})
    located = [tools.locate(tool, catalog.provider(tool), os.environ) for tool in wanted]
    providers = {tool.provider.name: tool.provider for tool in located if tool.provider}
    models = sorted({model for each in plans for model in each.models})
    return [*definitions, *providers.values()], [catalog.model(model) for model in models]


def _build(builder: Builder, definition: Definition, force: bool) -> Task:
    def carry_out(tell: Callable[[str], None]) -> str:
        build = builder.ensure(definition, tell, force)
        return f"ready, Python {build.record['key_input']['python']}"

    return Task(f"environment {definition.name}", carry_out)


def _fetch(shelf: Shelf, fetcher: Fetcher, spec: ModelSpec) -> Task:
    def carry_out(tell: Callable[[str], None]) -> str:
        fetch.ensure(shelf, spec, fetcher, tell)
        return "ready"

    return Task(f"model {spec.name}", carry_out)
