"""What is drawn, as plain values: stages in an order in which they can run, and lines from what they need.

The same for a workflow as it is written, in which a fan-out is one stage, and for the plan of a job.
"""

from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from pipeline.config.catalog import Catalog
from pipeline.config.workflows import StageUse, WorkflowSpec
from pipeline.errors import did_you_mean
from pipeline.jobs.plan import Plan, PlannedStage
from pipeline.references import JOB_INPUT, alternatives, split
from pipeline.values import Struct


class GraphStage(Struct, frozen=True):
    """A stage, or the job's input, which has no environment."""

    name: str
    environment: str = ""
    each: str = ""  # what a fan-out runs once for
    condition: str = ""  # under which it is in a plan
    is_service: bool = False  # stages use it while they run
    delivered: tuple[str, ...] = ()  # those of its outputs that the output folder gets

    @property
    def is_input(self) -> bool:
        return self.name == JOB_INPUT

    @property
    def notes(self) -> list[str]:
        """What a person should know of it beside its name and environment."""
        delivered = f"delivers {', '.join(self.delivered)}" if self.delivered else ""
        each = f"once for each of {self.each}" if self.each else ""
        only = f"only when {self.condition}" if self.condition else ""
        service = "a service" if self.is_service else ""
        return [note for note in (service, each, only, delivered) if note]


class GraphLine(Struct, frozen=True):
    """From a stage to one that comes after it."""

    source: str
    target: str
    is_order: bool = False  # it takes none of its outputs


class StageGraph(Struct, frozen=True):
    title: str
    stages: tuple[GraphStage, ...]  # in an order in which they can run; the job's input first, where one is used
    lines: tuple[GraphLine, ...]

    @property
    def environments(self) -> list[str]:
        return sorted({stage.environment for stage in self.stages if stage.environment})

    def sources(self) -> dict[str, list[str]]:
        """For each stage those that it comes after."""
        found: dict[str, list[str]] = {stage.name: [] for stage in self.stages}
        for line in self.lines:
            found[line.target].append(line.source)
        return found

    def targets(self) -> dict[str, list[str]]:
        """For each stage those that come after it."""
        found: dict[str, list[str]] = {stage.name: [] for stage in self.stages}
        for line in self.lines:
            found[line.source].append(line.target)
        return found


def of_workflow(workflow: WorkflowSpec, catalog: Catalog) -> StageGraph:
    """Raises ``ConfigurationError`` for a stage that isn't there, and for stages that wait for each other."""
    delivered: dict[str, list[str]] = {}
    for each in workflow.deliver:
        stage, output = split(each.output)
        delivered.setdefault(stage, []).append(output)
    lines = [line for use in workflow.stages.values() for line in _lines_of(workflow, use)]
    stages = {
        id: GraphStage(
            name=id,
            environment=catalog.stage(use.uses).environment,
            each=use.for_each_of or ", ".join(map(str, use.for_each)),
            condition=" and ".join(map(str, use.when)),
            is_service=catalog.stage(use.uses).service is not None,
            delivered=tuple(delivered.get(id, ())),
        )
        for id, use in workflow.stages.items()
    }
    try:
        return _graph(workflow.name, stages, lines)
    except CycleError as error:
        circle = " -> ".join(reversed(error.args[1]))
        raise workflow.source.error(("stages",), f"these stages wait for each other: {circle}") from error


def of_plan(plan: Plan) -> StageGraph:
    delivered: dict[str, list[str]] = {}
    for reference in plan.deliver:
        stage, output = split(reference)
        delivered.setdefault(stage, []).append(output)
    services = {each.name for each in plan.services}
    stages = {
        each.name: GraphStage(
            each.name,
            each.environment,
            each.for_each or "",
            is_service=each.name in services,
            delivered=tuple(delivered.get(each.name, ())),
        )
        for each in plan.programs
    }
    return _graph(plan.job_id, stages, [line for each in plan.stages for line in _planned_lines(each)])


def _lines_of(workflow: WorkflowSpec, use: StageUse) -> Iterable[GraphLine]:
    for name, text in use.inputs.items():
        for reference in alternatives(text):
            source = reference if reference == JOB_INPUT else split(reference)[0]
            _require_stage(workflow, source, ("stages", use.id, "inputs", name))
            yield GraphLine(source, use.id)
    if use.for_each_of:
        source = split(use.for_each_of)[0]
        _require_stage(workflow, source, ("stages", use.id, "for_each"))
        yield GraphLine(source, use.id)
    for source in use.after:
        _require_stage(workflow, source, ("stages", use.id, "after"))
        yield GraphLine(source, use.id, is_order=True)
    for name, source in use.services.items():
        _require_stage(workflow, source, ("stages", use.id, "services", name))
        yield GraphLine(source, use.id, is_order=True)


def _planned_lines(stage: PlannedStage) -> Iterable[GraphLine]:
    taken = {source for source, _ in stage.sources}
    if stage.takes_job_input:
        yield GraphLine(JOB_INPUT, stage.name)
    yield from (GraphLine(source, stage.name) for source in taken)
    before = (*stage.needs, *stage.services.values())
    yield from (GraphLine(source, stage.name, is_order=True) for source in before if source not in taken)


def _require_stage(workflow: WorkflowSpec, name: str, keys: tuple[str, ...]) -> None:
    if name != JOB_INPUT and name not in workflow.stages:
        hint = did_you_mean(name, list(workflow.stages))
        raise workflow.source.error(keys, f"no stage '{name}'{hint}")


def _graph(title: str, stages: Mapping[str, GraphStage], lines: Sequence[GraphLine]) -> StageGraph:
    """Raises ``CycleError``."""
    by_ends: dict[tuple[str, str], GraphLine] = {}
    for line in sorted(lines, key=lambda each: each.is_order):  # a line for data says the order, too
        by_ends.setdefault((line.source, line.target), line)
    found = tuple(by_ends.values())
    used = {JOB_INPUT: GraphStage(JOB_INPUT)} if any(line.source == JOB_INPUT for line in found) else {}
    every = {**used, **stages}
    return StageGraph(title, tuple(every[name] for name in _ordered(list(every), found)), found)


def _ordered(names: Sequence[str], lines: Sequence[GraphLine]) -> list[str]:
    """Of those that could be next, always the first one."""
    sorter = TopologicalSorter({name: [] for name in names})
    for line in lines:
        sorter.add(line.target, line.source)
    sorter.prepare()
    place = {name: number for number, name in enumerate(names)}
    ready, order = list(sorter.get_ready()), []
    while ready:
        ready.sort(key=place.__getitem__)
        order.append(ready.pop(0))
        sorter.done(order[-1])
        ready += sorter.get_ready()
    return order
