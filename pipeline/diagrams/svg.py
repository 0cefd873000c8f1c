"""A graph as a picture that needs nothing from elsewhere: no fonts, no scripts, no network."""

import textwrap
from collections.abc import Iterator, Mapping
from html import escape
from itertools import pairwise

from pipeline.diagrams.graph import GraphStage, StageGraph
from pipeline.diagrams.layers import GraphLayers, LayerSlot, layered
from pipeline.diagrams.mermaid import colour
from pipeline.text import shortened, width
from pipeline.values import Struct

LETTER, LINE = 7.2, 17  # pixels of a letter of this size, and from one line of text to the next
PAD, GAP, RISE, MARGIN = 10, 28, 48, 20  # pixels in a box, between boxes, between layers, around all
PASSING = 14  # pixels that a line takes in a layer that it passes
LONGEST = 44  # letters of one line
STYLE = (
    "text{font:12px ui-monospace,Menlo,Consolas,monospace;fill:#222}.name{font-weight:bold}"
    ".box{stroke:#555}.maybe{stroke-dasharray:5 3}.line{fill:none;stroke:#777}.order{stroke-dasharray:2 3}"
)
HEAD = f"""<style>{STYLE}</style>
<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">
<path d="M0 0L8 4L0 8z" fill="#777"/></marker></defs>
<rect width="100%" height="100%" fill="#fff"/>"""


class BoxPlace(Struct, frozen=True):
    """Where a box, or a line in a layer that it passes, is drawn, in pixels."""

    x: float  # its middle
    y: float  # its upper edge
    wide: float
    high: float


def text(graph: StageGraph) -> str:
    layering = layered(graph)
    words = {stage.name: _words(stage) for stage in graph.stages}
    places = _places(layering, words)
    right = max(place.x + place.wide / 2 for place in places.values()) + MARGIN
    bottom = max(place.y + place.high for place in places.values()) + MARGIN
    size = f'width="{right:.0f}" height="{bottom:.0f}" viewBox="0 0 {right:.0f} {bottom:.0f}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
        f"<title>{escape(graph.title)}</title>",
        HEAD,
    ]
    for line in graph.lines:
        kind = "line order" if line.is_order else "line"
        way = _curve([places[slot] for slot in layering.ways[line.source, line.target]])
        parts.append(f'<path class="{kind}" d="{way}" marker-end="url(#arrow)"/>')
    colours = {environment: colour(number) for number, environment in enumerate(graph.environments)}
    boxes = {slot.name: place for slot, place in places.items()}
    for stage in graph.stages:
        parts += _box(stage, boxes[stage.name], words[stage.name], colours.get(stage.environment, "#f4f4f4"))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _words(stage: GraphStage) -> list[str]:
    environment = [f"[{stage.environment}]"] if stage.environment else []
    notes = [line for note in stage.notes for line in textwrap.wrap(note, LONGEST)]
    return [shortened(line, LONGEST) for line in (stage.name, *environment, *notes)]


def _places(layering: GraphLayers, words: Mapping[str, list[str]]) -> dict[LayerSlot, BoxPlace]:
    sizes = {slot: _size(words.get(slot.name)) for layer in layering.layers for slot in layer}
    wides = [sum(sizes[slot][0] for slot in layer) + GAP * (len(layer) - 1) for layer in layering.layers]
    places: dict[LayerSlot, BoxPlace] = {}
    top = float(MARGIN)
    for layer, wide in zip(layering.layers, wides, strict=True):
        left = MARGIN + (max(wides) - wide) / 2
        tallest = max(sizes[slot][1] for slot in layer)
        for slot in layer:
            own_wide, high = sizes[slot]
            places[slot] = BoxPlace(left + own_wide / 2, top, own_wide, high or tallest)
            left += own_wide + GAP
        top += tallest + RISE
    return places


def _size(words: list[str] | None) -> tuple[float, float]:
    """Wide and high; a line that passes is as high as its layer."""
    if words is None:
        return PASSING, 0
    return max(map(width, words)) * LETTER + 2 * PAD, len(words) * LINE + 2 * PAD - 4


def _curve(places: list[BoxPlace]) -> str:
    """From the lower edge of the first to the upper edge of the last, straight through the layers between."""
    points = [(places[0].x, places[0].y + places[0].high)]
    for place in places[1:-1]:
        points += [(place.x, place.y), (place.x, place.y + place.high)]
    points.append((places[-1].x, places[-1].y))
    way = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for (x1, y1), (x2, y2) in pairwise(points):
        middle = (y1 + y2) / 2
        way.append(f"C{x1:.1f} {middle:.1f} {x2:.1f} {middle:.1f} {x2:.1f} {y2:.1f}")
    return "".join(way)


def _box(stage: GraphStage, place: BoxPlace, words: list[str], fill: str) -> Iterator[str]:
    left, kind = place.x - place.wide / 2, "box maybe" if stage.condition else "box"
    corner = place.high / 2 if stage.is_input else 4
    for shift in (4, 0) if stage.each else (0,):  # a fan-out has another box behind it
        yield (
            f'<rect class="{kind}" x="{left + shift:.1f}" y="{place.y - shift:.1f}" width="{place.wide:.1f}"'
            f' height="{place.high:.1f}" rx="{corner:.1f}" fill="{fill}"/>'
        )
    for number, line in enumerate(words):
        style = ' class="name"' if number == 0 else ""
        y = place.y + PAD + 10 + number * LINE
        yield f'<text{style} x="{place.x:.1f}" y="{y:.1f}" text-anchor="middle">{escape(line)}</text>'
