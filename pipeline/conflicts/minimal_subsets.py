"""The smallest part of a set that fails, by two searches. Pure: the caller judges each set.

``minimal_conflict`` is for members that can't be together: a set fails with every larger one around it (QuickXplain,
https://cdn.aaai.org/AAAI/2004/AAAI04-027.pdf). ``minimal_cause`` is for changes, some sets of which can't be judged,
since changes can need each other (ddmin, https://www.st.cs.uni-saarland.de/papers/tse2002/). Both halve the set, so
that few members among many are found in few questions.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import TypeVar

T = TypeVar("T")


class Verdict(StrEnum):
    """What a trial of some changes shows."""

    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "can't say"


Fits = Callable[[Sequence[T]], bool]
Judge = Callable[[tuple[T, ...]], Verdict]


def minimal_conflict(members: Sequence[T], fits: Fits[T]) -> tuple[T, ...]:
    """Members that don't fit together, of which any that is left out lets the others fit.

    ``members`` as a whole don't fit. A resolver's choices can let a set fail although a larger one fits; then the
    search begins again with the smaller set.
    """
    core = tuple(members) if len(members) < 2 else tuple(_conflict((), False, tuple(members), fits))
    for left_out in range(len(core)):
        rest = core[:left_out] + core[left_out + 1 :]
        if not fits(rest):
            return minimal_conflict(rest, fits)
    return core


def _conflict(background: tuple[T, ...], has_grown: bool, members: tuple[T, ...], fits: Fits[T]) -> list[T]:
    """The members that fail together with the background, which fits as long as it hasn't grown."""
    if has_grown and not fits(background):
        return []
    if len(members) == 1:
        return list(members)
    half = len(members) // 2
    first, second = members[:half], members[half:]
    of_second = _conflict(background + first, True, second, fits)
    of_first = _conflict(background + tuple(of_second), bool(of_second), first, fits)
    return of_first + of_second


def minimal_cause(changes: Sequence[T], judge: Judge[T]) -> tuple[tuple[T, ...], bool]:
    """The changes that are bad together, and whether each of them is needed for that.

    All of ``changes`` are known to be bad, and none of them to be good. Each set is judged once.
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
        if bad := next((each for each in chunks if verdict(each) is Verdict.BAD), None):
            current, parts = bad, 2
        elif bad := next((each for each in rests if verdict(each) is Verdict.BAD), None):
            current, parts = bad, max(parts - 1, 2)
        elif parts < len(current):
            parts = min(len(current), parts * 2)
        else:
            break
    without_one = [tuple(each for each in current if each != left_out) for left_out in current]
    return current, all(verdict(each) is Verdict.GOOD for each in without_one)


def _chunks(members: tuple[T, ...], count: int) -> list[tuple[T, ...]]:
    size = len(members)
    edges = [size * number // count for number in range(count + 1)]
    return [members[start:end] for start, end in pairwise(edges) if start < end]
