"""A job's timeline as rows of bars, in as many as a picture can have (pure)."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from pipeline.report.totals import concurrency
from pipeline.report.values import FAILED, RAN, AttemptSpan, JobReport
from pipeline.templates import shown_seconds
from pipeline.text import counted, printable, shortened, width
from pipeline.values import Struct

MOST_ROWS = 80  # of single attempts, or of stages
COLUMNS = 400  # of a row that stands for many attempts


class Bar(Struct, frozen=True):
    """A part of a row. ``share`` is how much of its time it is filled, by the busiest part of the row."""

    begin: float  # seconds on the axis
    end: float
    kind: str  # a phase, ``reused`` or ``failed``
    share: float = 1.0


class Row(Struct, frozen=True):
    label: str
    environment: str
    bars: tuple[Bar, ...]
    seconds: float  # of all its attempts
    title: str  # the same in words
    node: str = ""  # of a cluster; empty where the row stands for attempts on several
    does: str = ""  # what its stage does, in a person's words, with the number of the attempt, as in ``label``


def rows(report: JobReport) -> list[Row]:
    """One row for each attempt, in the order of their start. With too many, one for each stage; with too many
    of these, one for each stage's file.
    """
    if len(report.attempts) <= MOST_ROWS:
        return [_attempt(span) for span in report.attempts]
    groups = {stage.stage: stage.stage for stage in report.stages}
    if len(groups) > MOST_ROWS:
        groups = {stage.stage: stage.uses for stage in report.stages}
    together: dict[str, list[AttemptSpan]] = {}
    for span in report.attempts:
        together.setdefault(groups.get(span.planned, span.planned), []).append(span)
    return [_group(name, spans, report.seconds) for name, spans in together.items()]


def names(found: Sequence[Row], room: int, longest_label: int) -> Iterator[str]:
    """What the stage of each row does, where that has at most ``room`` columns, and no other stage does the same; else
    the row's label, in at most ``longest_label`` columns.
    """
    doers: dict[str, set[str]] = {}
    for row in found:
        doers.setdefault(row.does, set()).add(row.label)
    for row in found:
        does = printable(row.does)
        is_clear = does and width(does) <= room and len(doers[row.does]) == 1
        yield does if is_clear else shortened(printable(row.label), longest_label)


def _attempt(span: AttemptSpan) -> Row:
    again = "" if span.attempt <= 1 else f" (attempt {span.attempt})"
    label, does = f"{span.shown}{again}", f"{span.title}{again}" if span.title else ""
    bars = tuple(Bar(each.begin, each.end, _kind(span, each.kind)) for each in span.phases)
    words = ", ".join(f"{each.kind} {shown_seconds(each.end - each.begin)}" for each in span.phases)
    title = f"{label}: {span.state}{f' on {span.node}' if span.node else ''}; {words}"
    shown = bars or (Bar(span.begin, span.end, span.state),)
    return Row(label, span.environment, shown, span.seconds, title, span.node, does)


def _kind(span: AttemptSpan, phase: str) -> str:
    return FAILED if phase == RAN and span.state == FAILED else phase


def _group(name: str, spans: Sequence[AttemptSpan], axis: float) -> Row:
    ran = sum(span.seconds for span in spans)
    title = f"{name}: {counted(len(spans), 'attempt')}, {shown_seconds(ran)} together"
    return Row(f"{name} ({len(spans)})", spans[0].environment, tuple(_columns(spans, axis)), ran, title)


def _columns(spans: Sequence[AttemptSpan], seconds: float) -> Iterator[Bar]:
    """How busy the stage was, in steps of the axis."""
    step = seconds / COLUMNS or 1.0
    busy = [0.0] * COLUMNS
    changes = concurrency(spans)
    for (begin, running), (end, _) in pairwise(changes):
        for column in range(int(begin / step), min(COLUMNS, int(end / step) + 1)):
            inside = min(end, (column + 1) * step) - max(begin, column * step)
            busy[column] += running * max(0.0, inside) / step
    most = max(busy) or 1.0
    for column, amount in enumerate(busy):
        if amount:
            yield Bar(column * step, (column + 1) * step, RAN, round(amount / most, 3))


def ticks(seconds: float, most: int = 8) -> list[float]:
    """Round places on the axis, the first at zero."""
    wanted = max(seconds, 0.001) / most
    step = next((each for each in _steps() if each >= wanted), wanted)
    return [index * step for index in range(int(seconds / step) + 1)]


def _steps() -> Iterator[float]:
    for power in range(-3, 2):
        yield from (factor * 10.0**power for factor in (1, 2, 5))
    yield from (30, 60, 120, 300, 600, 1200, 1800)
    yield from (hours * 3600.0 for hours in (1, 2, 3, 6, 12, 24, 48, 96, 240, 480, 960))
