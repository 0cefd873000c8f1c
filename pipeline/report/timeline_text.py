"""A job's timeline for a terminal."""

from collections.abc import Iterable, Iterator, Sequence

from pipeline.report.timeline import Bar, Row, names, rows, ticks
from pipeline.report.values import CHECKED, COMMITTED, FAILED, RAN, REUSED, START, WAITED, JobReport
from pipeline.templates import shown_seconds
from pipeline.text import printable, shortened, width

SIGNS = {WAITED: "·", START: "-", RAN: "█", COMMITTED: "=", CHECKED: "?", FAILED: "x", REUSED: "|"}
LEGEND = "· waited   - start   █ ran   = committed   ? checked   x failed   | reused"
LONGEST_LABEL = 28  # columns
LONGEST_NODE = 16


def lines(report: JobReport, columns: int) -> Iterator[str]:
    """The timeline in lines of at most so many columns."""
    found = rows(report)
    labels = _labels(found, columns)
    left = max(map(width, labels), default=0)
    room = max(20, columns - left - 11)
    for label, row in zip(labels, found, strict=True):
        yield f"{label} {_drawn(row, report.seconds, room)} {shown_seconds(row.seconds):>9}"
    yield f"{' ' * left} {_axis(report.seconds, room)}".rstrip()
    if report.left_out:
        yield f"{report.left_out} more attempts aren't shown"
    yield LEGEND


def _labels(found: Sequence[Row], columns: int) -> list[str]:
    """Of one width, with the nodes of a cluster as a column of their own."""
    stages = _aligned(names(found, max(LONGEST_LABEL, columns * 2 // 5), LONGEST_LABEL))
    if not any(row.node for row in found):
        return stages
    nodes = _aligned([shortened(printable(row.node), LONGEST_NODE) for row in found])
    return [f"{stage} {node}" for stage, node in zip(stages, nodes, strict=True)]


def _aligned(found: Iterable[str]) -> list[str]:
    texts = list(found)
    widest = max(map(width, texts), default=0)
    return [f"{text}{' ' * (widest - width(text))}" for text in texts]


def _drawn(row: Row, seconds: float, room: int) -> str:
    cells = [" "] * room
    for bar in row.bars:
        first, last = _cell(bar.begin, seconds, room), _cell(bar.end, seconds, room)
        for cell in range(first, max(first + 1, last)):
            if cell < room and (cells[cell] == " " or bar.kind in (RAN, FAILED)):
                cells[cell] = _sign(bar)
    return "".join(cells)


def _sign(bar: Bar) -> str:
    if bar.share < 1 and bar.kind == RAN:
        return "░▒▓█"[min(3, int(bar.share * 4))]
    return SIGNS.get(bar.kind, "█")


def _cell(at: float, seconds: float, room: int) -> int:
    return min(room, round(at / seconds * room)) if seconds else 0


def _axis(seconds: float, room: int) -> str:
    text = ""
    for tick in ticks(seconds, max(1, room // 12)):
        place = _cell(tick, seconds, room)
        if place >= len(text) + bool(text):
            text = f"{text:<{place}}{shown_seconds(tick) if tick else '0'}"
    return text
