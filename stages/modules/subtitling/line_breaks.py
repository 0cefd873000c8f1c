"""Line breaks of a cue: at a clause, not between words that belong together, and with the longer line below."""

from dataclasses import dataclass

IMBALANCE = 6.0  # the cost of an empty line beside a full one, on the scale of ``break_costs``
TOP_HEAVY = 1.0
ORPHAN = 3.0  # the cost of a line of a few letters


@dataclass(frozen=True)
class LineWidths:
    """Widths in columns and costs of breaks; a list has an entry for each word, or one more."""

    line: int  # the longest allowed
    edges: list[int]  # width of all words before this one
    leads: list[int]  # width of the word's leading space
    break_costs: list[float]  # of a line's end before the word

    def of(self, start: int, end: int) -> int:
        """Columns of these words in one line, which doesn't show the first one's space."""
        return self.edges[end] - self.edges[start] - self.leads[start]


def best_split(widths: LineWidths, start: int, end: int) -> tuple[int, float]:
    """How many of the words from ``start`` to ``end`` go into the upper line, and the cost.

    All of them if they fit; (0, inf) if two lines aren't enough.
    """
    if widths.of(start, end) <= widths.line:
        return end - start, 0.0
    best, least = 0, float("inf")
    for split in range(end - 1, start, -1):
        lower = widths.of(split, end)
        if lower > widths.line:
            break
        upper = widths.of(start, split)
        if upper <= widths.line:
            cost = widths.break_costs[split] + _shape(upper, lower, widths.line)
            if cost < least:
                best, least = split - start, cost
    return best, least


def _shape(upper: int, lower: int, line: int) -> float:
    cost = IMBALANCE * abs(upper - lower) / line + (TOP_HEAVY * (upper - lower) / line if upper > lower else 0.0)
    return cost + (ORPHAN if min(upper, lower) < line // 6 else 0.0)
