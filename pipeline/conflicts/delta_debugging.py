"""The fewest changes that break something, by delta debugging. Pure: the verdict on a set is asked of the caller.

Halves first, so that one culprit among many is found in few trials. Where a set can't be judged (changes can need
each other), other sets are tried. https://www.st.cs.uni-saarland.de/papers/tse2002/ (ddmin)
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import TypeVar

T = TypeVar("T")


class Verdict(StrEnum):
    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "can't say"


Judge = Callable[[tuple[T, ...]], Verdict]


def culprits(changes: Sequence[T], judge: Judge[T]) -> tuple[tuple[T, ...], bool]:
    """The changes that break it together, and whether each of them is needed for that.

    All of them are known to break it, and none of them not to. Each set is judged once.
    """
    known: dict[frozenset[T], Verdict] = {frozenset(): Verdict.GOOD, frozenset(changes): Verdict.BAD}

    def verdict(chosen: tuple[T, ...]) -> Verdict:
        key = frozenset(chosen)
        if key not in known:
            known[key] = judge(chosen)
        return known[key]

    current, parts = tuple(changes), 2
    while len(current) > 1:
        chunks = _chunks(current, parts)
        rests = [tuple(each for each in current if each not in chunk) for chunk in chunks]
        if breaking := next((each for each in chunks if verdict(each) is Verdict.BAD), None):
            current, parts = breaking, 2
        elif breaking := next((each for each in rests if verdict(each) is Verdict.BAD), None):
            current, parts = breaking, max(parts - 1, 2)
        elif parts < len(current):
            parts = min(len(current), parts * 2)
        else:
            break
    singly = [tuple(each for each in current if each != left_out) for left_out in current]
    return current, all(verdict(each) is Verdict.GOOD for each in singly)


def _chunks(members: tuple[T, ...], count: int) -> list[tuple[T, ...]]:
    size = len(members)
    edges = [size * number // count for number in range(count + 1)]
    return [members[start:end] for start, end in pairwise(edges) if start < end]
