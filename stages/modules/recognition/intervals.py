"""Pairs of a start and an end. Every list of them is in order and without overlaps, except where it says otherwise."""

from bisect import bisect_left
from collections.abc import Iterable

Interval = tuple[float, float]


def merged(intervals: Iterable[Interval], within: float = 0.0) -> list[Interval]:
    """In order, and one where two of them overlap or stand as near as ``within``. Takes any intervals."""
    joined: list[Interval] = []
    for start, end in sorted(intervals):
        if joined and start - joined[-1][1] <= within:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def length(intervals: Iterable[Interval]) -> float:
    return sum(end - start for start, end in intervals)


def common(some: list[Interval], others: list[Interval]) -> list[Interval]:
    """What is in both."""
    both, index = [], 0
    for start, end in some:
        while index < len(others) and others[index][1] <= start:
            index += 1
        at = index
        while at < len(others) and others[at][0] < end:
            both.append((max(start, others[at][0]), min(end, others[at][1])))
            at += 1
    return both


def without(some: list[Interval], others: list[Interval]) -> list[Interval]:
    """What of the first is in none of the others."""
    left: list[Interval] = []
    for start, end in some:
        for taken_start, taken_end in common([(start, end)], others[_first_after(others, start) :]):
            if taken_start > start:
                left.append((start, taken_start))
            start = taken_end  # noqa: PLW2901  # what is left of it
        if end > start:
            left.append((start, end))
    return left


def touched(some: list[Interval], others: list[Interval]) -> list[Interval]:
    """Those of the first, whole, of which a part is in the others."""
    return [each for each in some if common([each], others[_first_after(others, each[0]) :])]


def widened(intervals: Iterable[Interval], by: float) -> list[Interval]:
    return merged((start - by, end + by) for start, end in intervals)


def _first_after(intervals: list[Interval], time: float) -> int:
    """Where the first one stands that ends after a time."""
    return bisect_left(intervals, time, key=lambda interval: interval[1])
