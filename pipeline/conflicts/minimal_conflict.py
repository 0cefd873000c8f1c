"""The smallest part of a set that still fails. Pure: what fails is asked of the caller.

Divide and conquer, so that few conflicting members among many are found in few questions.
https://cdn.aaai.org/AAAI/2004/AAAI04-027.pdf (QuickXplain)
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
Fits = Callable[[Sequence[T]], bool]


def minimal(members: Sequence[T], fits: Fits[T]) -> tuple[T, ...]:
    """Members that don't fit together, of which any that is left out lets the others fit.

    ``members`` as a whole don't fit. Where a failing set has a fitting superset, which a resolver's choices can
    bring about, the last look finds the set that is still too large.
    """
    core = tuple(members) if len(members) < 2 else tuple(_conflict((), False, tuple(members), fits))
    for left_out in range(len(core)):
        rest = core[:left_out] + core[left_out + 1 :]
        if not fits(rest):
            return minimal(rest, fits)
    return core


def _conflict(background: tuple[T, ...], grew: bool, members: tuple[T, ...], fits: Fits[T]) -> list[T]:
    """The members that fail together with the background, which fits as long as it hasn't grown."""
    if grew and not fits(background):
        return []
    if len(members) == 1:
        return list(members)
    half = len(members) // 2
    first, second = members[:half], members[half:]
    of_second = _conflict(background + first, True, second, fits)
    of_first = _conflict(background + tuple(of_second), bool(of_second), first, fits)
    return of_first + of_second
