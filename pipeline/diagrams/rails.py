"""A graph as lines of text: one stage a line, with rails on the left from each stage to those that need it.

::

    ○ job.input
    ├─● split  [text]
    │ ├─● count_words  [text]
    │ └─● gather  [text]
"""

import textwrap
from collections.abc import Sequence

from pipeline.diagrams.graph import GraphStage, StageGraph
from pipeline.text import width

COLUMNS = 80
MOST_RAILS = 15  # side by side, if there is a place further left
LEAST_TEXT = 30  # columns for a stage's words
LISTED = 3  # stages that are named in a list, before the number of the others


def lines(graph: StageGraph, columns: int = COLUMNS) -> list[str]:
    """As wide as ``columns``, unless a name is longer. Where too many stages are needed at once, each names what it
    needs in place of rails."""
    drawn: list[str] = []
    rails: list[str | None] = []  # the stage whose rail is in each place
    waiting = {name: set(targets) for name, targets in graph.targets().items()}
    for stage in graph.stages:
        sources = [place for place, name in enumerate(rails) if name and stage.name in waiting[name]]
        place = _free_place(rails, sources)
        rails.extend([None] * (place + 1 - len(rails)))
        if 2 * len(rails) > columns - LEAST_TEXT:
            return _listed(graph, columns)
        for source in sources:
            waiting[str(rails[source])].discard(stage.name)
        ended = [source for source in sources if not waiting[str(rails[source])]]
        head = _head(rails, sources, ended, place, "○" if stage.is_input else "●")
        for source in ended:
            rails[source] = None
        rails[place] = stage.name if waiting[stage.name] else None
        below = "".join("│ " if each else "  " for each in rails)
        drawn += _with_words(stage, head, below, columns)
    return drawn


def _listed(graph: StageGraph, columns: int) -> list[str]:
    sources = graph.sources()
    drawn: list[str] = []
    for stage in graph.stages:
        drawn += _with_words(stage, "○ " if stage.is_input else "● ", "  ", columns)
        if needed := sources[stage.name]:
            more = f" and {len(needed) - LISTED} more" if len(needed) > LISTED else ""
            text = f"after {', '.join(needed[:LISTED])}{more}"
            drawn += [f"      {line}" for line in textwrap.wrap(text, columns - 6)]
    return drawn


def _free_place(rails: Sequence[str | None], sources: Sequence[int]) -> int:
    """To the right of what it needs, or anywhere where there are many rails."""
    free = [place for place in range(len(rails) + 1) if place == len(rails) or rails[place] is None]
    right = [place for place in free if place > max(sources, default=-1)]
    return right[0] if right[0] < MOST_RAILS else free[0]


def _head(rails: Sequence[str | None], sources: Sequence[int], ended: Sequence[int], place: int, mark: str) -> str:
    """The rails in a stage's own line, up to the last one that is drawn."""
    first, last = min([*sources, place]), max([*sources, place])
    cells = []
    for each, name in enumerate(rails):
        if each == place:
            cell = mark
        elif each in sources:
            cell = _joint(each == first, each == last, each in ended)
        elif name:
            cell = "│"
        else:
            cell = "─" if first < each < last else " "
        cells.append(cell + ("─" if first <= each < last else " "))
    return "".join(cells).rstrip() + " "


def _joint(is_first: bool, is_last: bool, is_end: bool) -> str:
    if is_first:
        return "└" if is_end else "├"
    if is_last:
        return "┘" if is_end else "┤"
    return "┴" if is_end else "┼"


def _with_words(stage: GraphStage, head: str, below: str, columns: int) -> list[str]:
    environment = f"  [{stage.environment}]" if stage.environment else ""
    room = max(LEAST_TEXT, columns - max(width(head), width(below)))
    notes = [f"    {line}" for note in stage.notes for line in textwrap.wrap(note, room - 4)]
    first = f"{head}{stage.name}{environment}"
    if len(stage.notes) == 1 and width(first) + 2 + width(stage.notes[0]) <= columns:
        return [f"{first}  {stage.notes[0]}"]
    return [first, *(f"{below}{note}".rstrip() for note in notes)]
