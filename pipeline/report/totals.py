"""What the attempts at each stage come to together (pure)."""

from collections.abc import Iterable, Mapping, Sequence

from pipeline.jobs.overview import WORST_FIRST
from pipeline.jobs.plan import PlannedStage
from pipeline.jobs.state import StageState, StageStatus
from pipeline.report.values import FAILED, FINISHED, REUSED, AttemptSpan, NodeTotals, StageTotals
from pipeline.text import counted
from pipeline.values import replace


def totals(
    stages: Sequence[PlannedStage], states: Mapping[str, StageState], spans: Iterable[AttemptSpan]
) -> list[StageTotals]:
    """In the plan's order. ``states``: as ``overview.stages`` has them, those of fan-outs told of their members."""
    by_stage: dict[str, list[AttemptSpan]] = {stage.name: [] for stage in stages}
    for span in spans:
        by_stage.setdefault(span.planned, []).append(span)
    return [_of(stage, states.get(stage.name), by_stage[stage.name]) for stage in stages]


def _of(stage: PlannedStage, state: StageState | None, spans: Sequence[AttemptSpan]) -> StageTotals:
    processor = [span.cpu_seconds for span in spans if span.cpu_seconds is not None]
    memory = [span.memory for span in spans if span.memory is not None]
    asked = stage.resources
    return StageTotals(
        stage=stage.name,
        uses=stage.uses,
        environment=stage.environment,
        state=(state.status if state else StageStatus.WAITING).value,
        finished=sum(span.state == FINISHED for span in spans),
        reused=sum(span.state == REUSED for span in spans),
        failed=sum(span.state == FAILED for span in spans),
        seconds=sum(span.seconds for span in spans),
        longest=max((span.seconds for span in spans), default=0.0),
        longest_wait=max((span.begin - span.ready for span in spans), default=0.0),
        cpu_seconds=sum(processor) if processor else None,
        memory=max(memory, default=None),
        asked_cpus=asked.cpus,
        asked_memory=asked.memory or None,
        asked_gpus=asked.gpus,
    )


def by_node(spans: Iterable[AttemptSpan]) -> list[NodeTotals]:
    """In the order of their names; none for what ran on this machine."""
    together: dict[str, list[AttemptSpan]] = {}
    for span in spans:
        if span.node:
            together.setdefault(span.node, []).append(span)
    return [_on_node(node, together[node]) for node in sorted(together)]


def _on_node(node: str, spans: Sequence[AttemptSpan]) -> NodeTotals:
    return NodeTotals(
        node=node,
        finished=sum(span.state == FINISHED for span in spans),
        failed=sum(span.state == FAILED for span in spans),
        seconds=sum(span.seconds for span in spans),
        most_at_once=most_at_once(spans),
        kinds=tuple(dict.fromkeys(span.kind for span in spans if span.kind)),
    )


def by_file(stages: Iterable[StageTotals]) -> list[StageTotals]:
    """One entry for all stages that run the same file; its name is the file's, with their number."""
    together: dict[str, list[StageTotals]] = {}
    for stage in stages:
        together.setdefault(stage.uses, []).append(stage)
    return [_together(uses, found) for uses, found in together.items()]


def _together(uses: str, stages: Sequence[StageTotals]) -> StageTotals:
    processor = [each.cpu_seconds for each in stages if each.cpu_seconds is not None]
    states = {each.state for each in stages}
    return replace(
        stages[0],
        stage=f"{uses} ({counted(len(stages), 'stage')})",
        state=next(each.value for each in (*WORST_FIRST, StageStatus.FINISHED) if each.value in states),
        finished=sum(each.finished for each in stages),
        reused=sum(each.reused for each in stages),
        failed=sum(each.failed for each in stages),
        seconds=sum(each.seconds for each in stages),
        longest=max(each.longest for each in stages),
        longest_wait=max(each.longest_wait for each in stages),
        cpu_seconds=sum(processor) if processor else None,
        memory=max((each.memory for each in stages if each.memory is not None), default=None),
    )


def most_at_once(spans: Iterable[AttemptSpan]) -> int:
    """The most attempts that ran at the same moment."""
    return max((count for _, count in concurrency(spans)), default=0)


def concurrency(spans: Iterable[AttemptSpan]) -> list[tuple[float, int]]:
    """How many attempts run from each moment on at which that changes."""
    changes = sorted(change for span in spans if span.end > span.begin for change in ((span.begin, 1), (span.end, -1)))
    found: list[tuple[float, int]] = []
    running = 0
    for at, change in changes:
        running += change
        if found and found[-1][0] == at:
            found.pop()
        found.append((at, running))
    return found
