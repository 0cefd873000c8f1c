"""Makes a plan of a workflow: checks references, makes a stage for each member of a fan-out, finds an order.

Everything here is a pure function of specs and values. The plan goes into ``job.json`` as it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush
from typing import Any

from pipeline.config.catalog import Catalog
from pipeline.config.workflows import DiskUse, WorkflowSpec
from pipeline.jobs.plan import PlannedService, PlannedStage
from pipeline.plan import service_entries
from pipeline.plan.expansion import Expansion
from pipeline.references import is_member_name, paired_stages


@dataclass(frozen=True)
class PlannedWorkflow:
    """What a job will do."""

    stages: tuple[PlannedStage, ...]  # in an order in which they can run
    deliver: tuple[str, ...]  # references, STAGE.OUTPUT
    timeout_seconds: float | None = field(default=None)  # of each attempt of a stage that has none of its own
    beside: tuple[str, ...] = ()  # those of ``deliver`` that go next to the input as well, with --beside
    disk: DiskUse = field(default_factory=DiskUse)  # of all stages together
    services: tuple[PlannedService, ...] = ()  # those that its stages use

    @property
    def programs(self) -> tuple[PlannedStage, ...]:
        """All that is started for the job: its services, and its stages."""
        return (*(service.stage for service in self.services), *self.stages)

    @property
    def models(self) -> list[str]:
        """Names of all models that its stages and services use."""
        return sorted({model for stage in self.programs for model in stage.models.values()})

    @property
    def environments(self) -> list[str]:
        """Names of all environments that its stages and services run in."""
        return sorted({stage.environment for stage in self.programs})


def plan(workflow: WorkflowSpec, values: Mapping[str, Any], catalog: Catalog) -> PlannedWorkflow:
    """The plan of a workflow. ``values``: by name, of its parameters and decisions.

    Raises ``ConfigurationError``, with file, line and key, where the workflow contradicts itself or its stages.
    """
    expansion = Expansion(workflow, values, catalog)
    programs = _programs(workflow, expansion)
    _require_own_names(workflow, programs)
    services = {name: stage for name, stage in programs.items() if _is_service(workflow, expansion, name)}
    stages = {name: stage for name, stage in programs.items() if name not in services}
    if not stages:
        raise workflow.source.error(("stages",), "no stage is left: every for_each is empty, or no 'when' holds")
    found = [(ref, each) for index, each in enumerate(workflow.deliver) for ref in expansion.delivered(index)]
    ordered = [stages[name] for name in _ordered(workflow, {name: _before(each) for name, each in stages.items()})]
    return PlannedWorkflow(
        tuple(ordered),
        tuple(ref for ref, _ in found),
        workflow.timeout_seconds,
        tuple(ref for ref, each in found if each.beside),
        _disk(workflow, expansion),
        service_entries.used(ordered, services),
    )


def _programs(workflow: WorkflowSpec, expansion: Expansion) -> dict[str, PlannedStage]:
    """All stages by name, with those that are services."""
    found: dict[str, PlannedStage] = {}
    for id in workflow.stages:
        for stage in expansion.members(id):
            if stage.name in found:
                raise workflow.source.error(("stages", id), f"two stages would have the name '{stage.name}'")
            found[stage.name] = stage
    return found


def _is_service(workflow: WorkflowSpec, expansion: Expansion, name: str) -> bool:
    return name in workflow.stages and expansion.is_service(name)


def _disk(workflow: WorkflowSpec, expansion: Expansion) -> DiskUse:
    each = [(use.disk, len(expansion.names(use))) for use in workflow.stages.values()]
    return DiskUse(
        sum(disk.per_second * count for disk, count in each), sum(disk.of_input * count for disk, count in each)
    )


def _require_own_names(workflow: WorkflowSpec, stages: Mapping[str, PlannedStage]) -> None:
    """A fan-out over a list gets its members when the job runs; no other stage may have one of their names."""
    for name, stage in stages.items():
        if stage.for_each:
            for other in stages:
                if is_member_name(other, name):
                    raise workflow.source.error(("stages", name), f"its members would have names like '{other}'")


def _before(stage: PlannedStage) -> tuple[str, ...]:
    """Stages that come before it: those it needs, and fan-outs whose members are paired with its own."""
    return (*stage.needs, *paired_stages(stage.inputs))


def _ordered(workflow: WorkflowSpec, before: Mapping[str, Sequence[str]]) -> list[str]:
    """An order in which stages can run: of those that could be next, always the one that the workflow has first.

    So two plans of one workflow are the same.
    """
    sorter = TopologicalSorter(before)
    try:
        sorter.prepare()
    except CycleError as error:
        circle = " -> ".join(reversed(error.args[1]))
        raise workflow.source.error(("stages",), f"these stages wait for each other: {circle}") from error
    position = {name: index for index, name in enumerate(before)}
    ready: list[tuple[int, str]] = []
    order: list[str] = []
    while sorter.is_active():
        for name in sorter.get_ready():
            heappush(ready, (position[name], name))
        order.append(heappop(ready)[1])
        sorter.done(order[-1])
    return order
