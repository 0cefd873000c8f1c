"""Time intervals: pairs of a start and an end, in seconds.

A list of intervals is in order and has no overlaps, unless a function says that it takes any.
"""

from bisect import bisect_left
from collections.abc import Iterable

Interval = tuple[float, float]


def merged(intervals: Iterable[Interval], within: float = 0.0) -> list[Interval]:
    """Any intervals in order; those that overlap, or are at most ``within`` seconds apart, become one."""
    result: list[Interval] = []
    for start, end in sorted(intervals):
        if result and start - result[-1][1] <= within:
            result[-1] = (result[-1][0], max(result[-1][1], end))
        else:
            result.append((start, end))
    return result


def length(intervals: Iterable[Interval]) -> float:
    """Seconds of all intervals together."""
    return sum(end - start for start, end in intervals)


def intersection(some: list[Interval], others: list[Interval]) -> list[Interval]:
    """The time that is in both lists."""
    both, index = [], 0
    for start, end in some:
        while index < len(others) and others[index][1] <= start:
            index += 1
        at = index
        while at < len(others) and others[at][0] < end:
            both.append((max(start, others[at][0]), min(end, others[at][1])))
            at += 1
    return both


def difference(some: list[Interval], others: list[Interval]) -> list[Interval]:
    """The time of the first list that is not in the second."""
    left: list[Interval] = []
    for start, end in some:
        for taken_start, taken_end in intersection([(start, end)], others[_first_after(others, start) :]):
            if taken_start > start:
                left.append((start, taken_start))
            start = taken_end  # noqa: PLW2901  # the rest of the interval
        if end > start:
            left.append((start, end))
    return left


def overlapping(some: list[Interval], others: list[Interval]) -> list[Interval]:
    """The intervals of the first list, unchanged, that share some time with the second."""
    return [each for each in some if intersection([each], others[_first_after(others, each[0]) :])]


def widened(intervals: Iterable[Interval], by: float) -> list[Interval]:
    """Any intervals, each longer by ``by`` seconds at both ends, and merged."""
    return merged((start - by, end + by) for start, end in intervals)


def _first_after(intervals: list[Interval], time: float) -> int:
    """The index of the first interval that ends after ``time``."""
    return bisect_left(intervals, time, key=lambda interval: interval[1])
