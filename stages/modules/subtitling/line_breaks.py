"""Where the lines of a cue break: at a clause, not between words that belong together, the lower one longer."""

from dataclasses import dataclass

IMBALANCE = 6.0  # the cost of an empty line beside a full one, against the costs of parting words
TOP_HEAVY = 1.0
ORPHAN = 3.0  # a line of a few letters


@dataclass(frozen=True)
class Widths:
    """Columns, and what it costs to part words; a list has an entry for each word, or one more."""

    line: int
    edges: list[int]  # of all words before
    leads: list[int]  # of the word's own space
    parting: list[float]  # the cost of a line's end before the word

    def of(self, start: int, end: int) -> int:
        """Columns of these words in one line, where the first one's space isn't shown."""
        return self.edges[end] - self.edges[start] - self.leads[start]


def best_split(widths: Widths, start: int, end: int) -> tuple[int, float]:
    """How many of the words from ``start`` to ``end`` go into the upper line, and how badly that reads.

    All words go into the upper line where they fit; (0, inf) where two lines don't do.
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
            cost = widths.parting[split] + _shape(upper, lower, widths.line)
            if cost < least:
                best, least = split - start, cost
    return best, least


def _shape(upper: int, lower: int, line: int) -> float:
    cost = IMBALANCE * abs(upper - lower) / line + (TOP_HEAVY * (upper - lower) / line if upper > lower else 0.0)
    return cost + (ORPHAN if min(upper, lower) < line // 6 else 0.0)
