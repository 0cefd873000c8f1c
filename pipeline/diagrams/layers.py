"""Places for the boxes of a graph: in layers, those after what they need, with few lines that cross.

The method of Sugiyama, Tagawa and Toda in its simplest form: layers by the longest way, then orders by the mean place
of neighbours, down and up a few times. A line that passes a layer has a place of its own there.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import fmean

from pipeline.diagrams.graph import StageGraph
from pipeline.values import Struct

ROUNDS = 8
LARGE = 500  # places in a layer, from which on nobody could see what crosses what


class LayerSlot(Struct, frozen=True):
    """A place in a layer: for a stage, or for a line that passes."""

    layer: int
    name: str  # of a stage, or "SOURCE TARGET LAYER", which no stage is called


class GraphLayers(Struct, frozen=True):
    layers: tuple[tuple[LayerSlot, ...], ...]  # each from left to right
    ways: Mapping[tuple[str, str], tuple[LayerSlot, ...]]  # the places of each line, from its source to its target


def layered(graph: StageGraph) -> GraphLayers:
    depth: dict[str, int] = {}
    for name, sources in graph.sources().items():
        depth[name] = 1 + max((depth[source] for source in sources), default=-1)
    ways = {(line.source, line.target): _way(line.source, line.target, depth) for line in graph.lines}
    layers: list[list[LayerSlot]] = [[] for _ in range(max(depth.values()) + 1)]
    for stage in graph.stages:
        layers[depth[stage.name]].append(LayerSlot(depth[stage.name], stage.name))
    for way in ways.values():
        for slot in way[1:-1]:
            layers[slot.layer].append(slot)
    return GraphLayers(tuple(map(tuple, _with_few_crossings(layers, ways))), ways)


def _way(source: str, target: str, depth: Mapping[str, int]) -> tuple[LayerSlot, ...]:
    between = range(depth[source] + 1, depth[target])
    passing = [LayerSlot(layer, f"{source} {target} {layer}") for layer in between]
    return (LayerSlot(depth[source], source), *passing, LayerSlot(depth[target], target))


def _with_few_crossings(
    layers: list[list[LayerSlot]], ways: Mapping[tuple[str, str], Sequence[LayerSlot]]
) -> list[list[LayerSlot]]:
    above: dict[LayerSlot, list[LayerSlot]] = {}
    below: dict[LayerSlot, list[LayerSlot]] = {}
    for way in ways.values():
        for upper, lower in pairwise(way):
            above.setdefault(lower, []).append(upper)
            below.setdefault(upper, []).append(lower)
    if max(map(len, layers)) > LARGE:
        return layers
    best, fewest = layers, _crossings(layers, below)
    for number in range(ROUNDS):
        downwards = number % 2 == 0
        layers = [list(layer) for layer in layers]
        for place in range(len(layers)) if downwards else reversed(range(len(layers))):
            _sort(layers, place, above if downwards else below)
        if (count := _crossings(layers, below)) < fewest:
            best, fewest = layers, count
    return best


def _sort(layers: list[list[LayerSlot]], place: int, neighbours: Mapping[LayerSlot, Sequence[LayerSlot]]) -> None:
    """By the mean place of neighbours, in parts of their layer; what has none stays where it is."""
    positions = {slot: (index + 0.5) / len(layer) for layer in layers for index, slot in enumerate(layer)}

    def wish(slot: LayerSlot) -> float:
        near = neighbours.get(slot)
        return fmean(positions[each] for each in near) if near else positions[slot]

    layers[place].sort(key=wish)


def _crossings(layers: Sequence[Sequence[LayerSlot]], below: Mapping[LayerSlot, Sequence[LayerSlot]]) -> int:
    positions = {slot: index for layer in layers for index, slot in enumerate(layer)}
    count = 0
    for layer in layers:
        ends = [positions[lower] for slot in layer for lower in sorted(below.get(slot, ()), key=positions.__getitem__)]
        count += sum(first > second for index, first in enumerate(ends) for second in ends[index + 1 :])
    return count
